/** What each kind of hostile client does, as a program for `node -e`. */

export const READER = 54_321;
const STRANGER = 54_322;
export const CONTROLLER = 54_323;

/** Each is a program of its own, for as long as it is let; `lines` is what it sends over and over. */
export const ATTACKS: readonly { readonly what: string; readonly uid: number; readonly script: string }[] = [
  {
    what: 'strangers who connect',
    uid: STRANGER,
    script: `again(8, (socket) => socket.on('connect', () => socket.destroy()))`,
  },
  { what: 'strangers who stay', uid: STRANGER, script: `again(200, () => {})` },
  {
    what: 'patterns',
    uid: READER,
    script: `const names = Array.from({ length: 1000 }, (_, at) => '*s'.repeat(40) + at % 32);
      const stars = Array.from({ length: 1000 }, () => '*'.repeat(127));
      asking(4, ['events.subscribe', 'logs.query', 'status', 'why'].flatMap((method) => [line(method, { names }), line(method, { names: stars })]).join(''))`,
  },
  {
    what: 'all there is',
    uid: READER,
    script: `asking(4, line('why', { names: ['all'] }) + line('status', { usage: true }) + line('logs.query', { output: true, text: 'no such text' }))`,
  },
  {
    what: 'batches',
    uid: READER,
    script: `asking(4, '[' + Array(32).fill(line('status').trim()).join() + ']\\n')`,
  },
  {
    what: 'replies unread',
    uid: READER,
    script: `again(40, (socket) => { socket.pause(); socket.write(('[' + Array(32).fill(line('rpc.discover').trim()).join() + ']\\n').repeat(64)); })`,
  },
  {
    what: 'nonsense',
    uid: READER,
    script: `asking(4, '1\\n'.repeat(5000) + '['.repeat(100000) + '\\n' + line('x'.repeat(60)).repeat(500))`,
  },
  {
    what: 'half requests',
    uid: READER,
    script: `again(40, (socket) => socket.write('"' + 'x'.repeat(200000)))`,
  },
  {
    what: 'subscriptions',
    uid: READER,
    script: `again(20, (socket) => { socket.resume(); socket.write(line('events.subscribe', { replay: 1000 }).repeat(100) + line('status.subscribe', { interval_ms: 20, usage: true }).repeat(100)); })`,
  },
  {
    what: 'HTTP: silent',
    uid: STRANGER,
    script: `address = { port, host: '127.0.0.1' }; again(100, () => {})`,
  },
  {
    what: 'HTTP: metrics',
    uid: STRANGER,
    script: `address = { port, host: '127.0.0.1' }; again(20, (socket) => { socket.resume(); socket.write('GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'.repeat(100)); })`,
  },
  {
    what: 'HTTP: headers',
    uid: STRANGER,
    script: `address = { port, host: '127.0.0.1' }; again(20, (socket) => { socket.resume(); socket.write('GET / HTTP/1.1\\r\\nX: ' + 'x'.repeat(100000)); })`,
  },
  {
    what: 'never speaking',
    uid: READER,
    script: `again(200, () => {})`,
  },
  {
    what: 'slow loris',
    uid: READER,
    script: `again(20, dripping('"'))`,
  },
  {
    what: 'bytes that are no text',
    uid: READER,
    script: `asking(2, Buffer.concat([Buffer.alloc(200000, 0xff), Buffer.from('\\n' + line('status', { names: ['9'.repeat(128)] }) + '9'.repeat(200000) + '\\n' + '{"a":'.repeat(40000) + '\\n')]).toString('latin1'))`,
  },
  {
    what: 'HTTP: slow loris',
    uid: STRANGER,
    script: `address = { port, host: '127.0.0.1' }; again(50, dripping('G'))`,
  },
  {
    what: 'control: reloads',
    uid: CONTROLLER,
    script: `asking(2, line('reload') + line('reload', { plan: true }))`,
  },
  {
    what: 'control: input unread',
    uid: CONTROLLER,
    script: `again(10, (socket) => { socket.resume(); socket.write(line('send', { name: 'deaf', text: 'x'.repeat(100000) }).repeat(20)); setTimeout(() => socket.destroy(), 3000); })`,
  },
  {
    what: 'control: restarts',
    uid: CONTROLLER,
    script: `asking(1, line('restart', { names: ['victim'] }))`,
  },
];

/** What the attacks share: `again` keeps so many connections, \`asking\` sends the text again whenever it was answered. */
export const ATTACKER_SCRIPT = `
  const [path, port, uid] = process.argv.slice(1);
  process.setgroups([]); process.setgid(+uid); process.setuid(+uid);
  let address = { path };
  const line = (method, params = {}, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method, params }) + '\\n';
  function again(count, use) {
    const open = () => {
      const socket = require('node:net').createConnection(address);
      socket.on('error', () => {});
      socket.on('close', () => setTimeout(open, 2));
      use(socket);
    };
    for (let at = 0; at < count; at++) open();
  }
  function dripping(text) {
    return (socket) => {
      const timer = setInterval(() => socket.write(text), 1000);
      socket.on('close', () => clearInterval(timer));
    };
  }
  function asking(count, text) {
    again(count, (socket) => {
      let tail = '';
      const ask = () => socket.write(text + line('version', {}, 'the last'));
      socket.on('data', (chunk) => {
        tail = (tail + chunk.toString('latin1')).slice(-200);
        if (!tail.includes('"the last"')) return;
        tail = '';
        ask();
      });
      ask();
    });
  }
`;
