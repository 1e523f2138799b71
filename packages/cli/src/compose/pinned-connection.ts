import { X509Certificate } from 'node:crypto';
import { Agent, request as httpsRequest } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';

/** One answer. */
export interface PinnedAnswer {
  readonly status: number;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const WAIT_MS = 70_000;

/**
 * Asks a service over TLS that shows exactly this certificate (PEM): the one that it wrote beside its data, and no other,
 * whoever signed it and whatever name stands in it. Nothing is sent to anybody else. Rejects where there is no answer.
 */
export function askPinned(url: URL, certificate: string, asked: Asked): Promise<PinnedAnswer> {
  const { fingerprint256 } = new X509Certificate(certificate);
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = (options, callback) => {
    const socket: TLSSocket = connect({ ...options, rejectUnauthorized: false } as never, () => {
      if (socket.getPeerX509Certificate()?.fingerprint256 === fingerprint256)
        return callback?.(null, socket as never);
      socket.destroy();
      callback?.(
        new Error('it shows another certificate than the one that it wrote beside its data'),
        socket as never,
      );
    });
    socket.once('error', (error) => callback?.(error, socket as never));
    return undefined as never;
  };
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body = '' } = asked;
    const request = httpsRequest(
      url,
      { agent, method, headers, signal: AbortSignal.timeout(WAIT_MS) },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}
