"""The Debian package on a running system: install, upgrade, purge."""
import subprocess


def test_install_upgrade_purge(machine, package, install, tmp_path):
    before = machine.run("find / -xdev -path /var/cache -prune -o -path /var/log -prune -o -path /tmp -prune "
                         "-o -path /var/lib/dpkg -prune -o -path /run -prune -o -print | sort")
    install()
    assert machine.show("sagegate", "ActiveState") == "active"
    assert machine.show("sagegate", "UnitFileState") == "enabled"
    # Besides, what only an administrator turns on: sockets, instances.
    machine.run("""cd /etc/sagegate && sed -e 's/:8080"/:8081"/' sagegate.yaml >second.yaml &&
                systemctl enable --now sagegate@second && systemctl enable sagegate.socket sagegate-local.socket &&
                systemctl stop sagegate && systemctl start sagegate.socket sagegate-local.socket sagegate""")
    first, instance = (machine.show(unit, "MainPID") for unit in ("sagegate", "sagegate@second"))
    assert machine.run(f"stat -c %U /proc/{first} /proc/{instance}").split() == ["sagegate"] * 2
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
    assert machine.show("sagegate@second", "ActiveState") == "active"
    assert machine.show("sagegate@second", "MainPID") != instance

    machine.run("rm /etc/sagegate/second.yaml && dpkg --purge sagegate")
    after = machine.run("find / -xdev -path /var/cache -prune -o -path /var/log -prune -o -path /tmp -prune "
                        "-o -path /var/lib/dpkg -prune -o -path /run -prune -o -print | sort")
    assert after.splitlines() == before.splitlines()
    assert machine.run("systemctl list-unit-files sagegate.service", check=False).returncode != 0
    assert machine.run("getent passwd sagegate", check=False).returncode != 0
    assert machine.run("find /var/log /run/sagegate* -name 'sagegate*'", check=False).stdout == ""
    assert machine.run("systemctl list-units --state=active,failed --plain --no-legend 'sagegate*'") == ""
