import { endpointKeyText } from '../actions/identity.ts';
import type { Target } from '../actions/target.ts';
import { processText } from '../ownership/attribution.ts';
import { sanitise } from '../io/sanitise.ts';

/** Shows a person what would be stopped. */
export function planText(target: Target): string {
  const lines: [string, readonly string[]][] = [
    ['how', target.means.how === 'refused' ? [] : [target.method]],
    ['never stopped', target.means.how === 'refused' ? [target.means.obstacle.text] : []],
    ['also holders', target.holders.map(processText)],
    ['children', target.children.map(processText)],
    ['services', target.services],
    ['with them', target.dependents],
    ['other ports', target.otherPorts.map(endpointKeyText)],
    ['connections', target.connections === 0 ? [] : [`${target.connections} live`]],
    ['may restart it', target.supervisor === null ? [] : [target.supervisor]],
    ['note', target.notes],
  ];
  const shown = (texts: readonly string[]): string =>
    texts.slice(0, 8).join(', ') + (texts.length > 8 ? ` and ${texts.length - 8} more` : '');
  const details = lines
    .filter(([, texts]) => texts.length > 0)
    .map(([name, texts]) => `  ${name}: ${sanitise(shown(texts))}\n`);
  return `${sanitise(`${target.owner} on ${target.endpoints.map(endpointKeyText).join(', ')}`)}\n${details.join('')}`;
}
