import { parseIp } from '../ip-address.ts';
import type { Certificate } from './nodes.ts';
import { bigIntOfBytes } from './public-key.ts';

function isHostName(name: string, isPattern: boolean): boolean {
  const plain = isPattern ? name : name.replace(/\.$/, '');
  if (plain === '' || plain === '*') return false;
  return plain.split('.').every((label, index) => {
    if (label === '') return false;
    if (isPattern && index === 0 && label === '*') return true;
    return /^[A-Za-z0-9_-]+$/.test(label) && !label.startsWith('-');
  });
}

function matches(pattern: string, host: string): boolean {
  const ours = host.toLowerCase().replace(/\.$/, '').split('.');
  const theirs = pattern.toLowerCase().split('.');
  if (ours.length !== theirs.length) return false;
  return theirs.every((label, index) => (index === 0 && label === '*') || label === ours[index]);
}

/** Whether a certificate is for a host: a name, or an address (in brackets or not). */
export function isForHost(certificate: Certificate, host: string): boolean {
  const { names } = certificate.known;
  const bare = host.length >= 3 && host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const address = parseIp(bare);
  if (address !== undefined) {
    return names.ip.some(
      (bytes) => bytes.length * 8 === address.bits && bigIntOfBytes(bytes) === address.value,
    );
  }
  const isValid = isHostName(host, false);
  return names.dns.some((pattern) =>
    isValid && isHostName(pattern, true)
      ? matches(pattern, host)
      : host !== '' && pattern !== '' && pattern.toLowerCase() === host.toLowerCase(),
  );
}
