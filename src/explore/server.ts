import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { document, style } from './document.ts';
import type { Edition, WatchedScript } from './watched.ts';

/** What the page is served from. */
interface Served {
  readonly page: Pick<WatchedScript, 'script' | 'edition' | 'subscribe'>;
  /** The link that the page opens at where its address says none: `#/spp@repaired//`. */
  readonly start: string;
  /** The file of the model, as a script that the page writes names it. */
  readonly module?: string | undefined;
}

/** A server that runs on this machine, for this machine. */
export interface PageServer {
  /** `http://127.0.0.1:4711`. */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves the page on 127.0.0.1. `port`: 0 for a free one. A request gets the page, its style, its script or
 * the news of its files, and nothing else: no path of a
 * request becomes the path of a file, and no request changes anything. Rejects with the system's error where the port is taken.
 */
export const serve = async (served: Served, port: number): Promise<PageServer> => {
  const server = createServer((request, response) => answer(served, request, response));
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', done);
  });
  return { origin: `http://127.0.0.1:${portOf(server)}`, close: () => closed(server) };
};

const portOf = (server: Server) => (server.address() as AddressInfo).port;

const closed = (server: Server) =>
  new Promise<void>((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });

const answer = (served: Served, request: IncomingMessage, response: ServerResponse) => {
  const send = (status: number, type: string, body: string) => {
    response.writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  if (!isOurs(request)) return send(403, 'text/plain', 'This server answers only its own page.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', 'Only GET.\n');
  const path = (request.url ?? '').replace(/[?#].*$/s, '');
  if (path === '/') return send(200, 'text/html', document(served.start, served.page.edition().number, served.module));
  if (path === '/style.css') return send(200, 'text/css', style);
  if (path === '/page.js') return send(200, 'text/javascript', served.page.script());
  if (path === '/news') return tellNews(served, response);
  return send(404, 'text/plain', 'There is no such file.\n');
};

/** Tells which edition there is, and of each new one, as server-sent events, until the page goes away. */
const tellNews = ({ page }: Served, response: ServerResponse) => {
  const tell = (edition: Edition) => response.write(`data: ${JSON.stringify(edition)}\n\n`);
  response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
  tell(page.edition());
  response.on('close', page.subscribe(tell));
};

/** A name that somebody else has made to mean 127.0.0.1 is not ours, and neither is a page of another origin. */
const isOurs = ({ headers, socket }: IncomingMessage): boolean => {
  const names = [`127.0.0.1:${socket.localPort}`, `localhost:${socket.localPort}`];
  if (!names.includes(headers.host ?? '')) return false;
  if (headers.origin !== undefined && !names.some((name) => headers.origin === `http://${name}`)) return false;
  return headers['sec-fetch-site'] !== 'cross-site' || headers['sec-fetch-mode'] === 'navigate';
};

const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
