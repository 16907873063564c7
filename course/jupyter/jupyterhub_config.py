"""JupyterHub for a class of this course; guides/hub.md says how to set one up.

Who may log in is decided by two groups of the system, rnn-instructors and rnn-students. Two
environment variables say where things are:
RNN_HUB_COURSE, the instructor's copy of the course, which its owner alone can open;
RNN_COURSE_EXCHANGE, the folder through which assignments, submissions and feedback travel.
"""

import grp
import os
import sys
from pathlib import Path

from tornado.web import RedirectHandler

c = get_config()  # noqa: F821 (JupyterHub provides it)

course = Path(os.environ.get("RNN_HUB_COURSE", "/srv/rnn-from-scratch"))
exchange = os.environ.get("RNN_COURSE_EXCHANGE", "/srv/rnn-exchange")
owner = course.owner()
instructors = {owner, *grp.getgrnam("rnn-instructors").gr_mem}
students = set(grp.getgrnam("rnn-students").gr_mem) - instructors
settings = Path(__file__).resolve().parent  # for users, who must be able to read them

# --- Who may log in. PAM, the default, asks for the system's passwords. ---
c.Authenticator.allowed_users = instructors | students
c.JupyterHub.load_groups = {"instructors": {"users": sorted(instructors)}}

# --- Each user's server runs as that user, with the programs that the hub runs with. ---
c.JupyterHub.spawner_class = "localprocess"
c.Spawner.cmd = [str(Path(sys.executable).parent / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.environment = {"RNN_COURSE_EXCHANGE": exchange}


def prepare(spawner) -> None:
    """Open the course for its owner; everyone else gets a student's settings."""
    if spawner.user.name == owner:
        spawner.notebook_dir = str(course)
        places = [course, settings / "hub", settings / "everyone"]
    else:
        places = [settings / "students", settings / "everyone"]
    found = os.pathsep.join(map(str, places))
    spawner.environment = spawner.environment | {"JUPYTER_CONFIG_PATH": found}


c.Spawner.pre_spawn_hook = prepare

# --- Several instructors work on the owner's server; each logs in under her own name. ---
allowed = ("access:servers", "servers", "list:users")
c.JupyterHub.load_roles = [
    {
        "name": "instructors",
        "description": "Start, stop and use the server that the course lies on",
        "scopes": [f"{scope}!user={owner}" for scope in allowed],
        "groups": ["instructors"],
    }
]

# --- Formgrader gets a browser tab of its own: the hub forbids pages within pages, since one ---
# --- user's page could reach into another's. Its links to files lack the server's address.   ---
server = f"/user/{owner}"
c.JupyterHub.extra_handlers = [
    (r"/formgrader", RedirectHandler, {"url": f"{server}/formgrader", "permanent": False}),
    (r"/tree/(.*)", RedirectHandler, {"url": server + "/lab/tree/{0}", "permanent": False}),
    (r"/notebooks/(.*)", RedirectHandler, {"url": server + "/lab/tree/{0}", "permanent": False}),
]
