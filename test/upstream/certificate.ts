import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A self-signed certificate, its own authority, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes one for the names given, such as `IP:127.0.0.1`; takes some 10 ms. */
export function certificate(names = "IP:127.0.0.1,DNS:localhost"): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "reissue-certificate-"));
  const [cert, key] = [join(folder, "cert"), join(folder, "key")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=reissue test", "-addext", `subjectAltName=${names}`];
  const files = ["-days", "2", "-keyout", key, "-out", cert];
  try {
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, ...files], { stdio: "ignore" });
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
