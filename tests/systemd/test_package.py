"""The Debian package on a running system: install, upgrade, purge."""
import subprocess


def test_install_upgrade_purge(machine, package, install, tmp_path):
    before = machine.run("find / -xdev -path /var/cache -prune -o -path /var/log -prune -o -path /tmp -prune "
                         "-o -path /var/lib/dpkg -prune -o -path /run -prune -o -print | sort")
    install()
    assert machine.show("sagegate", "ActiveState") == "active"
    assert machine.show("sagegate", "UnitFileState") == "enabled"
    first = machine.show("sagegate", "MainPID")
    assert machine.run(f"ps -o user= -p {first} 2>/dev/null || stat -c %U /proc/{first}").strip() == "sagegate"

    machine.run("echo '# ours' >> /etc/sagegate/sagegate.yaml")
    newer = tmp_path / "newer.deb"
    subprocess.run(["dpkg-deb", "-R", str(package), str(tmp_path / "tree")], check=True)
    control = tmp_path / "tree" / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("Version: 0.", "Version: 9."))
    (tmp_path / "tree" / "etc" / "sagegate" / "sagegate.yaml").write_text("# theirs\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", str(tmp_path / "tree"), str(newer)], check=True,
                   capture_output=True)
    machine.run("cat > /tmp/newer.deb && dpkg --force-confdef --force-confold -i /tmp/newer.deb",
                stdin=open(newer, "rb"))
    assert machine.run("tail -1 /etc/sagegate/sagegate.yaml") == "# ours\n"
    assert machine.show("sagegate", "ActiveState") == "active"
    assert machine.show("sagegate", "MainPID") != first

    machine.run("dpkg --purge sagegate")
    after = machine.run("find / -xdev -path /var/cache -prune -o -path /var/log -prune -o -path /tmp -prune "
                        "-o -path /var/lib/dpkg -prune -o -path /run -prune -o -print | sort")
    assert after.splitlines() == before.splitlines()
    assert machine.run("systemctl list-unit-files sagegate.service", check=False).returncode != 0
    assert machine.run("getent passwd sagegate", check=False).returncode != 0
