"""Terminado as its documentation shows it, with terminals shared by name.

Owns the name's meaning: NUMBER.PROGRAM runs that program. Must not know what is measured.
"""

import sys

import tornado.ioloop
import tornado.web
from terminado import NamedTermManager, TermSocket

PROGRAMS, CORPUS = sys.argv[1:3]


class Programs(NamedTermManager):
    def get_terminal(self, term_name):
        if term_name not in self.terminals:
            command = ["sh", PROGRAMS, term_name.split(".")[1], CORPUS]
            self.new_named_terminal(name=term_name, shell_command=command)
        return self.terminals[term_name]


def main():
    manager = Programs(shell_command=["sh"])
    routes = [(r"/websocket/([\w.-]+)", TermSocket, {"term_manager": manager})]
    server = tornado.web.Application(routes).listen(0, "127.0.0.1")
    port = next(iter(server._sockets.values())).getsockname()[1]
    print(f"listening on ws://127.0.0.1:{port}", flush=True)
    tornado.ioloop.IOLoop.current().start()


main()
