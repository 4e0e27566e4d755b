# API and worker of Durabase in one image; the command says which. See docs/self-hosting.md.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/contracts/package.json packages/contracts/
# No package needs a script of its own here: native parts come as packages for each platform.
RUN npm ci --omit=dev --ignore-scripts --include-workspace-root --workspace @durabase/contracts

FROM dependencies AS build
COPY src src
COPY packages/contracts packages/contracts
COPY scripts/bundle-workflows.ts scripts/
RUN node scripts/bundle-workflows.ts

FROM node:24.21.0-bookworm-slim AS dashboard
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/client/package.json packages/client/
COPY packages/dashboard/package.json packages/dashboard/
RUN npm ci --ignore-scripts --workspace @durabase/dashboard --workspace @durabase/client --workspace @durabase/contracts
COPY packages/contracts packages/contracts
COPY packages/client packages/client
COPY packages/dashboard packages/dashboard
RUN npm run build -w packages/dashboard

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=dashboard /app/packages/dashboard/dist packages/dashboard/dist
COPY package.json LICENSE ./
COPY src src
COPY packages/contracts packages/contracts
COPY supabase/migrations supabase/migrations
COPY deploy/migrate.mjs deploy/
USER node
EXPOSE 3000 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.DURABASE_PORT ?? 3000) + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/server.ts"]
