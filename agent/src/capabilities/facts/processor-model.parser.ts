/**
 * The processor's name from /proc/cpuinfo. ARM boards often name only themselves there, or nothing but numbers; the
 * device tree's model is then the best that can be said.
 */
export function processorModel(cpuinfo: string, deviceTreeModel: string | null): string {
  const fields = new Map<string, string>();
  for (const line of cpuinfo.split('\n')) {
    const [name = '', ...rest] = line.split(':');
    const value = rest.join(':').trim();
    if (value && !fields.has(name.trim())) fields.set(name.trim(), value);
  }
  const named = fields.get('model name') ?? fields.get('cpu model') ?? fields.get('Model') ?? fields.get('Hardware');
  return named ?? (deviceTreeModel?.replaceAll('\0', '').trim() || 'unknown');
}
