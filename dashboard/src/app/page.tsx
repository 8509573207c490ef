import { InstallationStatus } from '../features/installation/InstallationStatus';
import styles from './page.module.css';

export default function FrontPage() {
  return (
    <main className={styles.page}>
      <h1 className={styles.name}>Pilothouse</h1>
      <InstallationStatus />
    </main>
  );
}
