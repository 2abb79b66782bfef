"""Debian's nginx and haproxy as plain forwarding proxies: no signature, no policy, no access log."""
import os
import shutil
import socket
import time

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log error; {user}
events {{ worker_connections 8192; }}
http {{
    access_log off; client_max_body_size 0; client_body_temp_path {folder}/nginx-body; tcp_nodelay on;
    proxy_temp_path {folder}/nginx-proxy; fastcgi_temp_path {folder}/a; uwsgi_temp_path {folder}/b;
    scgi_temp_path {folder}/c; keepalive_requests 1000000000; keepalive_timeout 300s;
    upstream endpoint {{
        server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000000; keepalive_time 24h;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass https://endpoint; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host localhost; proxy_buffering off; proxy_request_buffering off;
            proxy_ssl_protocols TLSv1.3;
        }}
    }}
}}
"""
HAPROXY = """
global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout client 300s
    timeout server 300s
    timeout connect 5s
    http-reuse always
    option http-no-delay
frontend clients
    bind 127.0.0.1:{port} backlog 4096
    default_backend endpoint
backend endpoint
    server one 127.0.0.1:{upstream} ssl verify none
"""


def installed(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")


def start(name, rig, wrapper, port):
    text, command = {"nginx": (NGINX, [installed(name), "-c"]), "haproxy": (HAPROXY, [installed(name), "-db", "-f"])}[name]
    file = rig.folder / f"{name}.conf"
    file.write_text(text.format(folder=rig.folder, port=port, upstream=rig.upstream_port,
                                user="user root;" if os.getuid() == 0 else ""))
    process = rig.start([*wrapper, *command, file])
    for _ in range(2000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process
        except OSError:
            time.sleep(0.002)
    raise SystemExit(f"{name} does not listen; see {file}")
