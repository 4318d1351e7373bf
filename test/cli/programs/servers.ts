import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { certificate } from "../../support/upstream/servers/certificate.ts";
import { freePort } from "../../support/free-port.ts";
import { accepting, startProgram, temporaryFolder } from "../../support/programs/program.ts";

/** Starts Debian's nginx with these directives in its only server; it ends with the test. @returns its port. */
export async function nginxServer(directives: string, listen = ""): Promise<number> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const temp = paths.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
  const { cert, key } = certificate();
  await writeFile(join(folder, "cert.pem"), cert);
  await writeFile(join(folder, "key.pem"), key);
  await writeFile(
    join(folder, "nginx.conf"),
    `pid ${folder}/nginx.pid; worker_processes 1; events { worker_connections 256; }
    http { access_log off; ${temp} server {
      listen 127.0.0.1:${port} ${listen};
      ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
      ${directives}
      location / { return 200 ok; }
    } }`,
  );
  const user = process.getuid?.() === 0 ? " user root;" : "";
  const files = ["-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")];
  await accepting(startProgram("nginx", [...files, "-g", `daemon off;${user}`]), port);
  return port;
}

/** Starts Debian's HAProxy with these lines among its defaults; it ends with the test. @returns its port. */
export async function haproxyServer(defaults: string): Promise<number> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  await writeFile(
    file,
    `defaults
    mode http
    timeout connect 2s
    timeout server 5s
    ${defaults}
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200 content-type text/plain string ok
`,
  );
  await accepting(startProgram("haproxy", ["-db", "-f", file]), port);
  return port;
}

/** Starts Debian's Apache with these directives; it ends with the test. @returns its port. */
export async function apacheServer(directives: string): Promise<number> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const modules = "/usr/lib/apache2/modules";
  await mkdir(join(folder, "root"));
  await writeFile(join(folder, "root/index.html"), "ok");
  await writeFile(
    join(folder, "apache.conf"),
    `ServerRoot ${folder}
    ServerName localhost
    PidFile ${folder}/apache.pid
    DefaultRuntimeDir ${folder}
    ErrorLog ${folder}/error.log
    Listen 127.0.0.1:${port}
    LoadModule mpm_event_module ${modules}/mod_mpm_event.so
    LoadModule authz_core_module ${modules}/mod_authz_core.so
    LoadModule dir_module ${modules}/mod_dir.so
    StartServers 1
    DocumentRoot ${folder}/root
    DirectoryIndex index.html
    ${directives}
    `,
  );
  const args = ["-X", "-f", join(folder, "apache.conf")];
  await accepting(startProgram("apache2", args), port);
  return port;
}
