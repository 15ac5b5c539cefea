import type { Line } from './lines.ts';
import { placesIn, type NamedPlace } from './places.ts';

/*
 * A command line above its output, as people paste it from a terminal: its options name the port that the program was
 * asked to bind, if the program does not.
 */

/** What a shell prints before a command: $, PS C:\app>, me@host:~/app$, (venv) %; and what set -x and npm print. */
const prompt =
  /^(?:\([\w.-]{1,40}\) )?(?:[$%#❯➜»+>] |~[\w./-]{0,100} ?[$#%>] |PS [^>\n]{1,200}> ?|[A-Z]:\\[^>\n]{0,200}> ?|\[?[\w.-]{1,40}@[\w.-]{1,60}[^$#%>\n]{0,100}[$#%>] )(?<command>\S[^\n]{0,1000})$/i;

/** A command without what a shell prints before it, as people paste it: python server.py --port 8080 */
const bare =
  /^(?:sudo |timeout \d{1,4}s? ){0,2}(?:python[\d.]{0,4}|node|java|ruby|php|perl|mono|npm|npx|yarn|pnpm|bun|deno|go|cargo|dotnet|iperf3?|nc|ncat|netcat|uvicorn|gunicorn|flask|rails|http-server|jupyter(?:-\w{1,10})?|iproxy) \S/;

/** An option with the address to listen on. */
const hostOption =
  /(?:^|\s)(?:-[BbHhi]|--(?:bind|host|ip|address|interface)|-\w{0,6}l\w{0,6})[ =](?<host>\d{1,3}(?:\.\d{1,3}){3})(?=\s|$)/;

/** Commands whose ports belong to another machine or are mapped to it. */
const ofOthers =
  /(?:^|[\s/\\])(?:docker|podman|nerdctl|kubectl|ssh|scp|rsync|et|mysql\w{0,5}|psql|pg_\w{1,10}|redis-cli|mongo(?:sh)?|curl|wget|telnet|nmap|ping|psexec|lsof|netstat|ss|fuser|kill|grep|iptables|ufw)(?:\.exe)?\s/i;

/** An option that names what to listen on, and its value, which is no mapping of two ports. */
const option =
  /(?:^|\s)(?:-[plS]|-b(?=[ =]\S{0,60}:)|--?D?(?!(?:[a-z]{1,20}[.-]){0,3}(?:redis|db|database|mysql|postgres|mongo|kafka|remote|smtp|target|upstream|backend|peer|metrics|admin|management)[.-])(?:[a-z]{1,20}[.-]){0,3}port|--?(?:http-|web-)?(?:listen|bind|addr)(?:-?address|-host|ess)?|-m (?:http\.server|SimpleHTTPServer))[ =]["']?(?<value>(?:[a-z]{2,5}:\/\/[\w.-]{1,80}:|(?:[a-z]{2,5}:\/\/)?(?:(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]|\*|localhost)?:)?)\d{2,5})(?=["'/]?(?:\s|$))/g;

/** The local ends of tunnels: ssh -L 5000:localhost:80, ssh -L 127.0.0.1:5000:db:5432, ssh -D 1080, iproxy 2222 22 */
const tunnel =
  /(?:\s-(?:L|D)\s?|^iproxy )(?<value>(?:(?:[\w.*-]{1,60}|\[[0-9a-f:.]{2,45}\]):)?\d{2,5})(?=:[^\s:]{1,100}:\d|\s|$)/g;

/** What netcat listens on, after its options: nc -lvp 8000, nc -l 127.0.0.1 8000 */
const netcat =
  /(?:^|\s)(?:nc|ncat|netcat)\s(?=(?:\S{1,40}\s){0,4}?-\w{0,6}l)(?:-[wqiGWI]\s?\d{1,4}\s|-(?![wqiGWI]\s)\w{1,8}\s){1,5}(?:\d{1,3}(?:\.\d{1,3}){3}\s)?(?<value>\d{2,5})(?=\s|$)/g;

/** What iperf's server listens on: iperf3 -s -p 9999 */
const iperf = /\s-p\s?(?<value>\d{2,5})(?=\s|$)/g;

/** What a container publishes: -p 8080:80, --publish=127.0.0.1:5432:5432/tcp */
const published =
  /\s(?:-p|--publish)[ =]?(?<value>(?:(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\]|localhost):)?\d{2,5})(?=:\d{1,5}(?:\/|\s|$))/g;

/** PyTorch's variable for the port of the first process: MASTER_PORT=8514 */
const variable = /^(?:export |set |\$env:)?MASTER_PORT ?= ?["']?(?<value>\d{2,5})["']?$/g;

/** Java's debugger, which says only that the bind failed: -agentlib:jdwp=transport=dt_socket,server=y,address=*:5005 */
const debuggerOption = /-(?:agentlib:jdwp=|Xrunjdwp:)\S{0,200}?\baddress=(?<value>(?:[\w.*-]{0,60}:)?\d{2,5})(?![\w.])/;

/** Returns the port that a command opens for Java's debugger. */
export function portOfDebugger({ text }: Line): NamedPlace[] {
  const value = debuggerOption.exec(text)?.groups?.['value'];
  return value === undefined ? [] : placesIn(`listen on ${value}`, 0).slice(0, 1);
}

/** A command that publishes ports of a container. */
const publishes = /^(?:sudo )?(?:docker|podman|nerdctl)(?:\.exe)? (?:container )?(?:run|create)\s/;

/** An option of a command without a prompt: other letters than these have other meanings, such as the size of a batch. */
const sureOption =
  /(?:^|\s)(?:--(?:server[.-]|http-|listen-?|local-)?port|--(?:listen|bind)(?:-?address)?|-m (?:http\.server|SimpleHTTPServer))[ =]["']?(?<value>(?:[\w.[\]*:]{0,45}:)?\d{2,5})(?=["'/]?(?:\s|$))/g;

/** Whose error follows a command, which decides which of its ports may be meant. */
export interface ErrorSource {
  /** A container engine, and not a program in a container, where another port may have failed. */
  readonly engine: boolean;
  /** SSH itself, and not a command on the other machine. */
  readonly tunnel: boolean;
}

/** The expression for what a command listens on; null for a command whose ports are not its own. */
function formOf(command: string, hasPrompt: boolean, { engine, tunnel: ofTunnel }: ErrorSource): RegExp | null {
  if (/^(?:sudo )?(?:(?:auto)?ssh|iproxy)\s/.test(command)) return ofTunnel ? tunnel : null;
  if (/(?:^|\s)(?:nc|ncat|netcat)\s/.test(command)) return netcat;
  if (/^iperf3?\s/.test(command)) return /\s-s(?:\s|$)/.test(command) ? iperf : null;
  if (!ofOthers.test(` ${command} `)) return hasPrompt ? option : sureOption;
  return engine && publishes.test(command) ? published : null;
}

const placesOf = (values: Iterable<string>, host: string | undefined): NamedPlace[] =>
  [...values].flatMap((value) => {
    const said = `listen on ${host !== undefined && /^\d+$/.test(value) ? `${host}:${value}` : value}`;
    return placesIn(said, said.length).slice(0, 1);
  });

/** Returns what a line asks a program to listen on; empty for a line that is no command. */
export function portsOfCommand({ text }: Line, source: ErrorSource): NamedPlace[] {
  const prompted = prompt.exec(text)?.groups?.['command'];
  if (prompted === undefined && !bare.test(text)) return [];
  const command = prompted ?? text;
  const form = formOf(command, prompted !== undefined, source);
  if (form === null) return [];
  const host = form === tunnel || form === published ? undefined : hostOption.exec(command)?.groups?.['host'];
  return placesOf(
    Array.from(command.matchAll(form), ({ groups }) => groups!['value']!),
    host,
  );
}

/** Returns the port of a variable that a line sets. */
export const portsOfVariable = ({ text }: Line): NamedPlace[] =>
  placesOf(
    Array.from(text.matchAll(variable), ({ groups }) => groups!['value']!),
    undefined,
  );

/** Whether a line is a command without a prompt, which words of a sentence may look like. */
export const mayBeCommand = ({ text }: Line): boolean => bare.test(text);

/** Whether a line sets a variable of the environment. */
export const isVariable = ({ text }: Line): boolean =>
  /^(?:export |set |\$env:)?[A-Z_][A-Z\d_]{0,40} ?= ?\S{0,200}$/.test(text);

/** Whether a line shows a command that somebody ran. */
export const isCommand = ({ text }: Line): boolean => prompt.test(text);
