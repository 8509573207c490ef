import type { Metadata, Viewport } from 'next';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import './globals.css';

export const metadata: Metadata = {
  title: 'Pilothouse',
  description: 'Control plane for servers',
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#F6F7F9' },
    { media: '(prefers-color-scheme: dark)', color: '#0F1216' },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  await connection(); // Rendered for each request: a page made at build time could not carry a nonce.
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
