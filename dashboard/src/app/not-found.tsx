import Link from 'next/link';
import styles from './page.module.css';

export default function NotFound() {
  return (
    <main className={styles.page}>
      <h1 className={styles.name}>There is no such page</h1>
      <Link href="/">Go to the first page</Link>
    </main>
  );
}
