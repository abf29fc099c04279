"""The console's pages, forms and callback."""
