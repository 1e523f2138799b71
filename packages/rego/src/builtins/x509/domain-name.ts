/** Whether a text is a domain's name as Go lets it through. */
export function isDomainName(text: string, isConstraint: boolean): boolean {
  const name = isConstraint && text.startsWith('.') ? text.slice(1) : text;
  if (name === '') return isConstraint;
  if (name.length > 253 || name.endsWith('.')) return false;
  return name.split('.').every((label) => label !== '' && label.length <= 63);
}

/** Whether a text is an address of mail: a local part and a domain. */
export function isMailbox(text: string): boolean {
  const at = text.lastIndexOf('@');
  return at > 0 && isDomainName(text.slice(at + 1), false);
}
