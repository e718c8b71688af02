/** Inits and engines that run the same services in the same container, each as its manual says. */

/** A service is a program for sh; `ignoresStop` ones are killed one second after they were asked. */
export interface Service {
  readonly name: string;
  readonly script: string;
  /** Its end ends the container. */
  readonly isMain?: boolean;
}

export interface Contender {
  readonly name: string;
  /** Files below /etc/taskmaster. */
  files(services: readonly Service[]): Readonly<Record<string, string>>;
  readonly command: readonly [string, ...string[]];
  /** Where it keeps what it writes while it runs: needed with a read-only root. */
  readonly writable: string;
}

export const ENGINES: readonly Contender[] = [
  {
    name: 'taskmaster',
    files: (services) => ({ ...scripts(services), 'tm.toml': taskmasterToml(services) }),
    command: ['taskmaster', 'engine', 'start', '/etc/taskmaster/tm.toml'],
    writable: '/run',
  },
  {
    name: 'supervisord',
    files: (services) => ({ ...scripts(services), 'supervisord.conf': supervisordConf(services) }),
    command: ['supervisord', '--nodaemon', '--configuration', '/etc/taskmaster/supervisord.conf'],
    writable: '/run',
  },
  {
    name: 's6',
    files: (services) =>
      Object.fromEntries(
        services.flatMap(({ name, script, isMain }) => [
          [`service/${name}/run`, `#!/bin/sh\n${script}\n`],
          [`service/${name}/timeout-kill`, '1000\n'],
          // The manual's way to end a container with its main program: finish stops the scanner.
          [`service/${name}/finish`, isMain ? '#!/bin/sh\ns6-svscanctl -t /run/service\n' : '#!/bin/sh\n'],
        ]),
      ),
    command: ['sh', '-c', 'cp -r /etc/taskmaster/service /run/service && exec s6-svscan /run/service'],
    writable: '/run',
  },
];

function scripts(services: readonly Service[]): Record<string, string> {
  return Object.fromEntries(services.map(({ name, script }) => [`${name}.sh`, `#!/bin/sh\n${script}\n`]));
}

function taskmasterToml(services: readonly Service[]): string {
  const main = services.find(({ isMain }) => isMain);
  const engine = main === undefined ? 'exit_when = "never"' : `main = "${main.name}"`;
  const table = ({ name, isMain }: Service): string =>
    `[processes.${name}]\ncmd = "/etc/taskmaster/${name}.sh"\nstop_timeout = "1s"\nautorestart = "${isMain ? 'no' : 'always'}"\nhealthcheck = { uptime = "20ms" }\n`;
  return `[engine]\n${engine}\n${services.map(table).join('')}`;
}

function supervisordConf(services: readonly Service[]): string {
  const head = `[supervisord]\nuser=${'%(ENV_RUN_AS)s'}\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=/run/supervisord.pid\n`;
  const table = ({ name, isMain }: Service): string =>
    `[program:${name}]\ncommand=/etc/taskmaster/${name}.sh\nautorestart=${isMain ? 'false' : 'true'}\nstartsecs=0\nstopwaitsecs=1\nstdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nredirect_stderr=true\n`;
  return `${head}${services.map(table).join('')}`;
}
