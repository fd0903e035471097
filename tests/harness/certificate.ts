import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../observe/programs.ts';

/** A new certificate of 127.0.0.1 and its key, in files that every user may read. `openssl` makes them. */
export const makeCertificate = async (openssl: string, folder: string) => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1';
  const name = '-subj /CN=router -addext subjectAltName=IP:127.0.0.1';
  const { code, output } = await run(openssl, `req ${kind} ${name} -keyout ${key} -out ${cert}`.split(' '));
  if (code !== 0) throw new Error(output);
  for (const file of [cert, key]) chmodSync(file, 0o644);
  return { cert, key };
};
