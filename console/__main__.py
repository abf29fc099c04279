"""`python -m console` serves the installation that the environment describes."""

from console.server import serve
from xpm.settings import Settings

if __name__ == "__main__":
    serve(Settings())
