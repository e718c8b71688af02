// A web service of a few lines. `POST /break` makes its health check fail, so that you can watch the restart.
import { createServer } from 'node:http';

let isBroken = false;
const server = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/break') isBroken = true;
  response.statusCode = isBroken ? 500 : 200;
  response.end(request.url === '/health' ? 'ok\n' : 'hello\n');
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening on', process.env.PORT));
process.on('SIGTERM', () => server.close());
