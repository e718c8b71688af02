/** Tab in the user's own shell: scripts that ask `taskshell __complete`. */

import type { WireInstance } from '../rpc/contract/contract.ts';
import { COMMON_FLAGS, type CommandHandler, type Invocation, SHELL_FLAGS } from './command.ts';
import { complete, type NameSource } from './complete.ts';
import { say } from './io.ts';

const BASH = `# taskshell completion for bash: source <(taskshell completion bash)
_taskshell() {
  local rest=$COMP_LINE words=() at word gap
  # ':' ends a word for bash, but web:2 is one name: what stands beside a ':' without a gap belongs to it.
  for ((at = 0; at <= COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]} gap=\${rest%%"$word"*} rest=\${rest#*"$word"}
    if [[ -n $word && -z $gap && at -gt 0 && ($word == :* || \${words[-1]} == *:) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  # What stands before the last ':' is on the line already, and is not replaced.
  local begun= line
  if [[ $COMP_WORDBREAKS == *:* ]]; then begun=\${words[-1]%"\${words[-1]##*:}"}; fi
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line#"$begun"}")
  done < <("$1" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _taskshell taskshell taskmaster
`;

const ZSH = `#compdef taskshell taskmaster
# taskshell completion for zsh: source <(taskshell completion zsh)
_taskshell() {
  local -a candidates
  candidates=("\${(@f)$(\${words[1]} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n "\${candidates[1]}" ]] && compadd -- "\${candidates[@]}"
}
compdef _taskshell taskshell taskmaster
`;

const FISH = `# taskshell completion for fish: taskshell completion fish | source
function __taskshell_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c taskshell -f -a '(__taskshell_complete)'
complete -c taskmaster -f -a '(__taskshell_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

export const completion: CommandHandler = async ({ operands: [shell = ''], io }) => {
  io.stdout.write(SCRIPTS[shell] ?? '');
  return 0;
};

/** First words that are no verbs, and what follows them. The interactive shell knows neither. */
const PROGRAM_WORDS: Readonly<Record<string, readonly string[]>> = {
  board: ['--help', '--socket'],
  engine: ['check', 'reload', 'start', 'stop', 'version'],
  init: ['-e', '-g', '-h', '-l', '-p', '-s', '-v', '-w', '--version'],
};

/** Ahead of a verb, or without one. */
const AHEAD = [...COMMON_FLAGS, ...SHELL_FLAGS];

/** One candidate a line; nothing at all where something is wrong, for this speaks into a half-written line. */
export const candidates: CommandHandler = async (invocation) => {
  const { operands, commands, io } = invocation;
  const [first = '', ...rest] = operands;
  const following = Object.hasOwn(PROGRAM_WORDS, first) ? PROGRAM_WORDS[first] : undefined;
  if (following !== undefined && rest.length > 0) {
    for (const word of following.filter((candidate) => candidate.startsWith(rest.at(-1) ?? '')))
      say(io, word);
    return 0;
  }
  const words = [...(await complete(operands, commands, engineNames(invocation), AHEAD))];
  if (rest.length === 0) words.push(...Object.keys(PROGRAM_WORDS).filter((word) => word.startsWith(first)));
  for (const word of words.toSorted()) say(io, word);
  return 0;
};

function engineNames({ connect }: Invocation): NameSource {
  return {
    names: async () => {
      try {
        const client = await connect();
        return namesOf((await client.call('status', {})).instances);
      } catch {
        return [];
      }
    },
  };
}

/** Instances, the processes they belong to where those have several, and their groups. */
export function namesOf(
  instances: readonly Pick<WireInstance, 'name' | 'process' | 'groups'>[],
): readonly string[] {
  return [...new Set(instances.flatMap(({ name, process, groups = [] }) => [process, name, ...groups]))];
}
