import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { ConfigError, type Logger } from '@parley/runtime';
import { onFileChange } from '../../identity/file-change.ts';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Throws when a file cannot be read, or when certificate and key do not match. */
const readCertificate = ({ cert, key }: TlsFiles): Certificate => {
  const read = { cert: readFileSync(cert), key: readFileSync(key) };
  createSecureContext(read);
  return read;
};

/** Undefined when the router serves without TLS, for example behind a proxy. */
export const openTls = (
  cert: string | undefined,
  key: string | undefined,
): { files: TlsFiles; certificate: Certificate } | undefined => {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new ConfigError(['ROUTER_TLS_CERT and ROUTER_TLS_KEY: set both or neither']);
  try {
    return { files: { cert, key }, certificate: readCertificate({ cert, key }) };
  } catch (error) {
    throw new ConfigError([`ROUTER_TLS_CERT, ROUTER_TLS_KEY: ${(error as Error).message}`]);
  }
};

/** New connections use a new certificate as soon as both files are replaced. Open connections keep the old one. */
export const followCertificate = (server: Server, files: TlsFiles, log: Logger): (() => void) =>
  onFileChange([files.cert, files.key], () => {
    try {
      server.setSecureContext(readCertificate(files));
      log.info('the certificate was read again');
    } catch (error) {
      log.error({ err: error }, 'the changed certificate is not used');
    }
  });
