import { withoutProject } from '../facts/decode/application/application.ts';
import type { Facts, Process } from '../facts/model/facts.ts';
import { nameFinder } from './finder.ts';
import {
  accountOf,
  changeJson,
  machineName,
  newNames,
  noteProject,
  redactContainer,
  redactText,
  scrubText,
  type Names,
} from './names.ts';

function redactProcess(process: Process, names: Names, programs: ReadonlySet<string | null>): Process {
  const { application, saved, workingDirectory, user, realUser, container, ...rest } = process;
  const known = application === undefined ? '' : withoutProject(application);
  const { project: _, ...others } = saved ?? {};
  return {
    ...rest,
    commandLine: null,
    ...(known === '' ? {} : { application: known }),
    ...(saved === undefined ? {} : { saved: others }),
    ...(workingDirectory === undefined ? {} : { workingDirectory: null }),
    user: accountOf(user, names, programs),
    ...(realUser === undefined ? {} : { realUser: accountOf(realUser, names, programs) }),
    container: container === null ? null : redactContainer(container, names),
  };
}

/** Facts with everything replaced that this file names: they answer the same questions. */
export function redactFacts(facts: Facts): Facts {
  const names = newNames();
  const name = machineName(facts.machine.name, names);
  const { sockets, processes, boundSockets } = facts.sections;
  const programs = new Set(processes.data.map(({ imageName }) => imageName));
  for (const { workingDirectory } of processes.data)
    if (workingDirectory != null) noteProject(workingDirectory, names, programs);
  const withoutNames = (socket: (typeof sockets.data)[number]): (typeof sockets.data)[number] => ({
    ...socket,
    user: accountOf(socket.user, names, programs),
    ...(socket.container === undefined ? {} : { container: redactContainer(socket.container, names) }),
  });
  const sections = {
    ...facts.sections,
    sockets: { ...sockets, data: sockets.data.map(withoutNames) },
    processes: { ...processes, data: processes.data.map((process) => redactProcess(process, names, programs)) },
    ...(boundSockets === undefined
      ? {}
      : { boundSockets: { ...boundSockets, data: boundSockets.data.map(withoutNames) } }),
  };
  const text = JSON.stringify({ ...facts, machine: { ...facts.machine, name }, sections });
  const replaced = changeJson(text, (value) => redactText(value, names));
  const find = nameFinder(names.secrets);
  return JSON.parse(changeJson(replaced, (value) => scrubText(value, find))) as Facts;
}
