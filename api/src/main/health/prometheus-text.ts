/** Something that is measured, and how it stands now. */
export interface Figure {
  name: string;
  help: string;
  values: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

/** Prometheus's text format 0.0.4; every figure is a gauge. */
export function writePrometheusText(figures: readonly Figure[]): string {
  return figures.map(writeFigure).join('');
}

function writeFigure({ name, help, values }: Figure): string {
  const lines = values.map(({ labels = {}, value }) => `${name}${writeLabels(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ''].join('\n');
}

function writeLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
