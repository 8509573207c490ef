import { useEffect, useState } from 'react';
import { fetchHealth, fetchSetupCompleted, type Health } from './installation.client';

export type Installation =
  | { state: 'checking' }
  | { state: 'answering'; health: Health; setupCompleted: boolean }
  | { state: 'unreachable'; since: Date };

export const POLL_SECONDS = 5;

/** Asks the control plane how it is, again and again while the page is visible. */
export function useInstallation(): Installation {
  const [installation, setInstallation] = useState<Installation>({ state: 'checking' });

  useEffect(() => {
    let isMounted = true;
    let isAsking = false;
    let setupCompleted = false;

    const ask = async () => {
      if (isAsking || document.hidden) return;
      isAsking = true;
      try {
        const health = await fetchHealth();
        // Set-up is completed once and for ever, so that is asked no more afterwards.
        setupCompleted ||= health.status === 'ok' && (await fetchSetupCompleted());
        if (isMounted) setInstallation({ state: 'answering', health, setupCompleted });
      } catch {
        // Refused, cut, too late or no answer of ours: to the person in front of the page it is all the same.
        if (isMounted) setInstallation((before) => (before.state === 'unreachable' ? before : unreachableNow()));
      } finally {
        isAsking = false;
      }
    };

    const onVisible = () => void ask();
    const timer = setInterval(onVisible, POLL_SECONDS * 1000);
    document.addEventListener('visibilitychange', onVisible);
    void ask();
    return () => {
      isMounted = false;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, []);

  return installation;
}

function unreachableNow(): Installation {
  return { state: 'unreachable', since: new Date() };
}
