"""A Debian that systemd-nspawn boots in a network of its own; what is written in it is gone when it ends."""
import os
import shlex
import socket
import subprocess
import tempfile
from pathlib import Path


class Machine:
    def __init__(self, root):
        self.name = f"sagegate-{os.getpid()}"
        self.folder = tempfile.TemporaryDirectory()
        self.console = Path(self.folder.name) / "console"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(self.folder.name + "/notify")
        notify.settimeout(120)
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-b", "--volatile=overlay",
                 "--notify-ready=yes", "--capability=CAP_NET_ADMIN", f"--machine={self.name}",
                 f"--directory={root}", "--console=pipe", f"--network-namespace-path=/run/netns/{self.name}"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                env={**os.environ, "NOTIFY_SOCKET": self.folder.name + "/notify"})
        try:
            while "READY=1" not in (notice := notify.recv(4096).decode()):
                pass
        except TimeoutError:
            self.end()
            raise AssertionError(self.console.read_text(errors="replace")) from None
        finally:
            notify.close()
        self.leader = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0]

    def run(self, command, check=True, **options):
        """A command inside, as root; its output. A string goes to the shell."""
        arguments = ["sh", "-c", command] if isinstance(command, str) else command
        done = subprocess.run(["nsenter", "--all", f"--target={self.leader}", "--", "/usr/bin/env", "-i", "HOME=/root",
                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *arguments], text=True, capture_output=True,
                              timeout=120, **options)
        if check:
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout if check else done

    def outside(self, arguments, **options):
        """Starts a program of the host in the machine's network."""
        return subprocess.Popen(["ip", "netns", "exec", self.name, *arguments], **options)

    def write(self, path, text, mode="0644"):
        self.run(f"mkdir -p $(dirname {path}); cat > {path}; chmod {mode} {path}", input=text)

    def show(self, unit, what):
        return self.run(["systemctl", "show", "-P", what, unit]).strip()

    def cursor(self):
        """This point of the journal."""
        return self.run("journalctl -n 0 --show-cursor").partition("cursor: ")[2].strip()

    def await_journal(self, unit, text, cursor):
        """Until the journal has that text of the unit after the cursor."""
        follow = f"journalctl -f -n all -o cat -u {unit} --after-cursor={shlex.quote(cursor)}"
        self.run(["timeout", "60", "bash", "-c", f"grep -q -m 1 {shlex.quote(text)} < <(exec {follow})"])

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        subprocess.run(["ip", "netns", "del", self.name], check=False)
        self.folder.cleanup()
