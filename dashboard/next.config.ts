import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';

const config: NextConfig = {
  output: 'standalone',
  // The workspaces' dependencies are installed in the repository's root, so that is where they are traced from.
  outputFileTracingRoot: fileURLToPath(new URL('..', import.meta.url)),
  // No image is resized, so the endpoint that does so is closed, and its native library stays away.
  images: { unoptimized: true },
  outputFileTracingExcludes: { '/*': ['node_modules/sharp/**', 'node_modules/@img/**', 'node_modules/@swc/core*/**'] },
  poweredByHeader: false,
  // The proxy in front of it is on the same machine: compressing would only cost time.
  compress: false,
  devIndicators: false,
  // `tsc -p dashboard` checks types, together with those of all other packages.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'X-Frame-Options', value: 'DENY' },
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
        { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()' },
      ],
    },
  ],
};

export default config;
