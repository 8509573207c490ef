'use client';

import type { ReactNode } from 'react';
import styles from './InstallationStatus.module.css';
import { POLL_SECONDS, useInstallation, type Installation } from './use-installation';

/** How the control plane is, and what to do next. */
export function InstallationStatus() {
  const installation = useInstallation();
  return (
    <section className={styles.panel} aria-label="State of the control plane">
      <output className={styles.output}>{stateOf(installation)}</output>
      {installation.state === 'answering' &&
        installation.health.status === 'ok' &&
        (installation.setupCompleted ? <WaysIn /> : <NextStep />)}
    </section>
  );
}

function stateOf(installation: Installation): ReactNode {
  switch (installation.state) {
    case 'checking':
      return <State tone="idle" glyph="◌" word="Checking the control plane" />;
    case 'unreachable':
      return (
        <State tone="bad" glyph="■" word="The control plane does not answer">
          No answer since <time dateTime={installation.since.toISOString()}>{clockTime(installation.since)}</time>. Look
          at the terminal it was started in; if it has ended, start it again with <code>npm start</code>. This page asks
          again every {POLL_SECONDS} seconds.
        </State>
      );
    case 'answering':
      return installation.health.status === 'ok' ? (
        <State tone="ok" glyph="●" word="The control plane is healthy">
          Version <bdi dir="ltr">{installation.health.version}</bdi>
        </State>
      ) : (
        <State tone="warn" glyph="▲" word="The control plane is degraded">
          It runs, and refuses work until its database answers again. Version{' '}
          <bdi dir="ltr">{installation.health.version}</bdi>
        </State>
      );
  }
}

interface StateProps {
  tone: 'ok' | 'warn' | 'bad' | 'idle';
  glyph: string;
  word: string;
  children?: ReactNode;
}

function State({ tone, glyph, word, children }: StateProps) {
  return (
    <>
      <span className={styles.state} data-tone={tone}>
        <span className={styles.glyph} aria-hidden="true">
          {glyph}
        </span>
        {word}
      </span>
      {children !== undefined && <span className={styles.detail}>{children}</span>}
    </>
  );
}

function WaysIn() {
  return (
    <div className={styles.next}>
      <p className={styles.detail}>
        Operate it in a terminal with <code>npx pilothouse</code>, in the directory of Pilothouse. Programs use the API
        at <code>/graphql</code>.
      </p>
    </div>
  );
}

function NextStep() {
  return (
    <div className={styles.next}>
      <p className={styles.state}>No owner yet</p>
      <p className={styles.detail}>
        Continue in a second terminal, in the directory of Pilothouse. It asks for the set-up code that{' '}
        <code>npm start</code> has printed.
      </p>
      <pre className={styles.line} dir="ltr">
        <code>npx pilothouse setup{addressOption()}</code>
      </pre>
    </div>
  );
}

/** The program looks at the usual address by itself. Only a browser that has an answer gets here. */
function addressOption(): string {
  const { origin } = window.location;
  return origin === 'http://127.0.0.1:7700' ? '' : ` --url ${origin}`;
}

function clockTime(date: Date): string {
  return date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
}
