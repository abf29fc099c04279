"""`python -m console` serves the installation that the environment describes."""

from xpm import prefect_access

if __name__ == "__main__":
    prefect_access.log_in()  # before Prefect is imported
    from console.server import serve
    from xpm.settings import Settings

    serve(Settings())
