/** IANA's three classes of port numbers (RFC 6335, section 6). */
export const portClasses = [
  { name: 'WellKnown', start: 0, end: 1023 },
  { name: 'Registered', start: 1024, end: 49151 },
  { name: 'Dynamic', start: 49152, end: 65535 },
] as const;
export type PortClass = (typeof portClasses)[number]['name'];

export function portClass(port: number): PortClass {
  return port < 1024 ? 'WellKnown' : port < 49152 ? 'Registered' : 'Dynamic';
}
