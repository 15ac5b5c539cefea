import type { Family } from '../family.ts';
import { wordsOfCommand } from '../readers/command.ts';
import { codeDecides } from '../layers.ts';
import { inFile, type Reading } from '../reading.ts';
import { openPath } from '../registry.ts';
import {
  portInValue,
  portPart,
  serviceCommands,
  serviceOfPath,
  servicesKey,
  serviceValues,
} from '../windows-service.ts';

/*
 * A program that PortOwner does not know, which a service starts with its port on the command line, or in a variable of
 * the service.
 */

/** Options and variables that are a port, or an address with one, in most programs. */
const optionName = /^(?:--?|\/)(?:[\w.-]{1,64}[-._])?(?:port|listen|bind|addr|address|urls?)(?==|$)/i;
const variables = ['PORT', 'HTTP_PORT', 'SERVER_PORT', 'ASPNETCORE_URLS', 'ASPNETCORE_HTTP_PORTS'];

function optionsOfService(reading: Reading, service: string): string[] {
  const words = serviceCommands(reading, service).flatMap(({ word }) =>
    wordsOfCommand(word.value.replaceAll('\\', '/')),
  );
  return [...new Set(words.flatMap(({ value }) => optionName.exec(value)?.[0] ?? []))];
}

export const serviceProgram: Family = {
  name: 'Windows service',
  defaultFiles: [],
  defaultPatterns: [`${servicesKey}\\*\\ImagePath`],
  read(instance, reading) {
    if (instance.path !== null) openPath(reading, instance.path);
    const service = (instance.path === null ? null : serviceOfPath(instance.path)) ?? instance.service;
    if (service === null) return;
    const options = optionsOfService(reading, service);
    for (const found of serviceValues(reading, service, { options, variables })) {
      const { name, value, from } = found;
      const read = portInValue(value);
      if (read !== null)
        reading.add({
          setting: name,
          value,
          port: read.port,
          address: read.address,
          source: inFile(from.file, found, portPart(found, read.port)),
          reason: codeDecides,
        });
    }
  },
};
