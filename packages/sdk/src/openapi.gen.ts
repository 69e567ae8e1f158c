/** Generated from openapi/openapi.json by "npm run gen -w @miosa/sdk". */

export interface paths {
    "/admin/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** API keys of all organizations, newest first, without their plaintext */
        get: operations["admin.apiKeys.list"];
        put?: never;
        /** Create an API key of any type for any organization; the answer holds its plaintext, once */
        post: operations["admin.apiKeys.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/api-keys/bulk-revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke many API keys; each by itself */
        post: operations["admin.apiKeys.bulkRevoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/api-keys/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many API keys there are, and how many are used */
        get: operations["admin.apiKeys.stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke any API key, for good and everywhere within a second */
        delete: operations["admin.apiKeys.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Audit log of all organizations, newest first */
        get: operations["admin.audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/dashboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The installation in six numbers */
        get: operations["admin.dashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/health/detailed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** State of this control plane and what it depends on */
        get: operations["admin.health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts over all organizations */
        get: operations["admin.stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Organizations, newest first */
        get: operations["admin.tenants.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/tenants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One organization */
        get: operations["admin.tenants.get"];
        put?: never;
        post?: never;
        /** Delete an organization and destroy everything in it */
        delete: operations["admin.tenants.delete"];
        options?: never;
        head?: never;
        /** Change settings of an organization */
        patch: operations["admin.tenants.update"];
        trace?: never;
    };
    "/admin/tenants/{id}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set the plan of an organization */
        post: operations["admin.tenants.plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/tenants/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Suspend an organization: credentials get 403, sandboxes pause, data is kept */
        post: operations["admin.tenants.suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/tenants/{id}/unsuspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the suspension of an organization */
        post: operations["admin.tenants.unsuspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Users of all organizations, newest first */
        get: operations["admin.users.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Suspend, unsuspend or delete many users; each by itself */
        post: operations["admin.users.bulk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One user, with the organizations it belongs to */
        get: operations["admin.users.get"];
        put?: never;
        post?: never;
        /** Delete a user: memberships, sessions and keys end */
        delete: operations["admin.users.delete"];
        options?: never;
        head?: never;
        /** Change name or e-mail of a user */
        patch: operations["admin.users.update"];
        trace?: never;
    };
    "/admin/users/{id}/force-logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End all sessions of a user */
        post: operations["admin.users.forceLogout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a user operator of the installation, or no longer */
        post: operations["admin.users.role"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Suspend a user: sessions and keys stop within a second */
        post: operations["admin.users.suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/unsuspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the suspension of a user */
        post: operations["admin.users.unsuspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** API keys, newest first, without their plaintext */
        get: operations["apiKeys.list"];
        put?: never;
        /** Create an API key; the answer holds its plaintext, once */
        post: operations["apiKeys.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One API key, without its plaintext */
        get: operations["apiKeys.get"];
        put?: never;
        post?: never;
        /** Revoke an API key, for good and everywhere within a second */
        delete: operations["apiKeys.revoke"];
        options?: never;
        head?: never;
        /** Rename or narrow an API key */
        patch: operations["apiKeys.update"];
        trace?: never;
    };
    "/api-keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replace a key by a successor with the same rights */
        post: operations["apiKeys.rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Audit log, newest first
         * @description `Accept: text/csv` or `application/x-ndjson` exports all matching entries at once; `limit` and `cursor` do not count then.
         */
        get: operations["audit.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the audit log whole and unchanged?
         * @description Walks the hash chain of the organization from the oldest entry kept to the newest.
         */
        get: operations["audit.verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/cli/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let the program that shows this code act for me in this organization */
        post: operations["auth.cli.approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/cli/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin the login of a program: show `user_code`, poll with `device_code` */
        post: operations["auth.cli.start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/cli/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The key of an approved login, once
         * @description Until the user has approved: 409 with details.reason authorization_pending.
         */
        post: operations["auth.cli.token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in with e-mail and password */
        post: operations["auth.login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session */
        post: operations["auth.logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who this credential is and what it may */
        get: operations["auth.me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the own name */
        patch: operations["auth.me.update"];
        trace?: never;
    };
    "/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the own password; all other sessions end */
        post: operations["auth.password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a link for a new password
         * @description The answer is the same whether or not there is such an account.
         */
        post: operations["auth.password.forgot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set a new password with the token of the link, once; all sessions end */
        post: operations["auth.password.reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a refresh token for new tokens
         * @description Each refresh token is good once; using one again ends the whole session.
         */
        post: operations["auth.refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an account, with an organization or by an invite into one
         * @description The operator decides whether registration is open, by invite only, or closed. With an invite, who has an account already comes in by its password.
         */
        post: operations["auth.register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sse-ticket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mint a single-use ticket for an event stream
         * @description For EventSource, which sends no headers: append `?ticket=` to the address of the stream within 60 seconds.
         */
        post: operations["auth.sseTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/browser-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mint a short-lived token for a browser
         * @description All selectors must agree; the narrowest is the boundary. Nothing is created. The token dies with its boundary and its minter.
         */
        post: operations["browserTokens.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bulk/sandboxes/destroy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Destroy up to 500 sandboxes in the background */
        post: operations["bulk.sandboxes.destroy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bulk/sandboxes/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pause up to 500 sandboxes in the background */
        post: operations["bulk.sandboxes.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bulk/sandboxes/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resume up to 500 sandboxes in the background */
        post: operations["bulk.sandboxes.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bulk/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a bulk operation is, and what failed */
        get: operations["bulk.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List deployments, newest first */
        get: operations["deployments.list"];
        put?: never;
        /** Make a deployment: a durable address, and what is published there */
        post: operations["deployments.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a deployment */
        get: operations["deployments.get"];
        put?: never;
        post?: never;
        /** Delete a deployment; its addresses lead nowhere at once */
        delete: operations["deployments.delete"];
        options?: never;
        head?: never;
        /**
         * Change a deployment; build settings count from the next publish on
         * @description A new slug is a new host name at once; nobody else can take the old one.
         */
        patch: operations["deployments.update"];
        trace?: never;
    };
    "/deployments/{id}/builds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the builds of a deployment, newest first */
        get: operations["deployments.builds.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/builds/{build_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a build */
        get: operations["deployments.builds.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/builds/{build_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a build that waits or runs; what is live stays live */
        post: operations["deployments.builds.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/builds/{build_id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last lines of a build */
        get: operations["deployments.builds.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/builds/{build_id}/logs/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The lines of a build, as they come
         * @description Events `log` (as in the list) and, when the build is over, `end` with its state. Resumable with `Last-Event-ID`.
         */
        get: operations["deployments.builds.logs.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/env": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List environment variables of the next version */
        get: operations["deployments.env.list"];
        /** Set environment variables: a new revision, for the next version or restart */
        put: operations["deployments.env.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/env/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete an environment variable: a new revision */
        delete: operations["deployments.env.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/git-hook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A Git host tells of a push
         * @description For the webhook of a repository: content type JSON, secret = `webhook_secret` of the deployment, signed with `X-Hub-Signature-256`. A push to its branch is built and published when `auto_deploy` is on; everything else is answered with the reason why not.
         */
        post: operations["deployments.gitHook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The last lines of its instances
         * @description Of those that run and of the last that ended, these first. Apps write no times of their own: `ts` is the start of the instance, or its end. `since` leaves out instances that ended before. Never wakes a sleeping one.
         */
        get: operations["deployments.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/logs/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The lines of its instances, as they come, of later ones too
         * @description Events `log` (as in the list) and `end` once the deployment is deleted, or the instance asked for has ended. Resumable with `Last-Event-ID`. Never wakes an instance.
         */
        get: operations["deployments.logs.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests, latency, traffic, processor and memory over a window of time
         * @description A point a step. `requests`, `errors` (500 and above), `egress_bytes`: within the step, as edges counted them. `p50_ms`, `p95_ms`: to the end of the answer. `cpu_percent` (100 is one processor) and `memory_bytes`: of the instances that run now, together. Windows from 5m to 7d.
         */
        get: operations["deployments.metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish a sandbox or a snapshot as the next version
         * @description With `wait` the answer is 201 once it is live, or the error that ended it (`details` names version and build); 202 while it is still being built.
         */
        post: operations["deployments.publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/redeploy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Build the live version’s source again and publish it
         * @description With `wait` the answer is 201 once it is live, or the error that ended it (`details` names version and build); 202 while it is still being built.
         */
        post: operations["deployments.redeploy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the releases of a deployment, newest first */
        get: operations["deployments.releases.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/releases/{release_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a release */
        get: operations["deployments.releases.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start new instances with the environment as it is now */
        post: operations["deployments.restart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go back to the version that was live before, or to the one named
         * @description One pointer changes; nothing is built. The environment is the one the version was made with.
         */
        post: operations["deployments.rollback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/runtime-instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the instances of a deployment, newest first, ended ones too */
        get: operations["deployments.runtimeInstances.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/runtime-instances/{instance_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an instance */
        get: operations["deployments.runtimeInstances.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/runtime-instances/{instance_id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last lines of an instance; of an ended one those it ended with */
        get: operations["deployments.runtimeInstances.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let visitors in again */
        post: operations["deployments.start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop serving; versions and addresses are kept */
        post: operations["deployments.stop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * List the files of a publish to come; the answer says which contents to send
         * @description Contents that the organization has sent before are not missing. The upload expires after 24 h. To go on with one that broke off, list the same files again. Many small contents are sent in one request to `…/blobs`.
         */
        post: operations["deployments.uploads.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/uploads/{upload_id}/blobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Send many contents of an upload; repeating it is fine
         * @description A tar.gz of at most 512 MiB. Each entry is a file whose name is the sha256 of its content, without a folder.
         */
        put: operations["deployments.uploads.putMany"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/uploads/{upload_id}/blobs/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Send one content of an upload; repeating it is fine */
        put: operations["deployments.uploads.put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the versions of a deployment, newest first */
        get: operations["deployments.versions.list"];
        put?: never;
        /**
         * Publish an upload, or the files of a tar.gz, as the next version
         * @description With `wait` the answer is 201 once it is live, or the error that ended it (`details` names version and build); 202 while it is still being built. The body is JSON with `upload_id`, or a tar.gz of at most 512 MiB with the other fields as query. An archive holds files and folders only; a single folder at its top is part of the paths (say `output_path`).
         */
        post: operations["deployments.versions.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/versions/{version_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a version */
        get: operations["deployments.versions.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/versions/{version_id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put a version aside; it can still be promoted while its files are kept */
        post: operations["deployments.versions.archive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deployments/{id}/versions/{version_id}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a version live, without building it again */
        post: operations["deployments.versions.promote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happened in the last 30 days, newest first
         * @description A key sees events whose `:read` scope it has; asking for a type without it is refused.
         */
        get: operations["events.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as it happens
         * @description Resumable with `Last-Event-ID` for 24 hours: nothing is missed and nothing repeated. An older id is answered 410.
         */
        get: operations["events.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invites/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an invite is for and whether it still holds */
        get: operations["invites.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invites/{token}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accept an invite that was sent to the own address */
        post: operations["invites.accept"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/platform/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Organizations the caller belongs to; for a key, its one */
        get: operations["platform.tenants.list"];
        put?: never;
        /** Make another organization; the caller owns it */
        post: operations["platform.tenants.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/platform/tenants/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The organization of the credential, and whether it still needs its permanent identity */
        get: operations["platform.tenants.current"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/platform/tenants/{id}/switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tokens for another organization of the caller */
        post: operations["platform.tenants.switch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Projects, newest first */
        get: operations["projects.list"];
        put?: never;
        /**
         * Create a project in a workspace
         * @description Without a workspace selector it goes to the default workspace. A known external_project_id answers 200 with its project.
         */
        post: operations["projects.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project */
        get: operations["projects.get"];
        put?: never;
        post?: never;
        /** Delete a project; with force, everything inside is destroyed first */
        delete: operations["projects.delete"];
        options?: never;
        head?: never;
        /** Change a project; its slug and workspace stay */
        patch: operations["projects.update"];
        trace?: never;
    };
    "/sandboxes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List sandboxes, newest first
         * @description Destroyed ones only with state=destroyed.
         */
        get: operations["sandboxes.list"];
        put?: never;
        /**
         * Create a sandbox
         * @description Answers when commands run inside, or at once with `wait: false`.
         */
        post: operations["sandboxes.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create a sandbox and run a command in it */
        post: operations["sandboxes.run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a sandbox; a destroyed one stays readable with its ended_reason */
        get: operations["sandboxes.get"];
        put?: never;
        post?: never;
        /** Destroy a sandbox, from any state */
        delete: operations["sandboxes.destroy"];
        options?: never;
        head?: never;
        /**
         * Change a sandbox; its size also while it runs
         * @description A changed timer counts from now. A size below what is in use is refused with CONFLICT, `details.reason` `memory` or `disk`, and changes nothing.
         */
        patch: operations["sandboxes.update"];
        trace?: never;
    };
    "/sandboxes/{id}/deploy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish this sandbox; the deployment of that name in its project is made when there is none
         * @description With `wait` the answer is 201 once it is live, or the error that ended it (`details` names version and build); 202 while it is still being built.
         */
        post: operations["sandboxes.deploy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/env": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List environment variables */
        get: operations["sandboxes.env.list"];
        /**
         * Set environment variables; new processes see them at once
         * @description With `hosts` a variable is brokered: inside, its value is a placeholder; the true value never enters the sandbox and takes its place on the way out, in request headers and the query, over HTTPS to these hosts only.
         */
        put: operations["sandboxes.env.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/env/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete an environment variable */
        delete: operations["sandboxes.env.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens to a sandbox, as it happens; ends with sandbox.destroyed
         * @description Resumable with `Last-Event-ID` for 24 hours. Its commands and ports show here and in no other stream.
         */
        get: operations["sandboxes.events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/exec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a command and wait for its end */
        post: operations["sandboxes.exec"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/exec/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a command and stream its output
         * @description Events: started, stdout, stderr, exit, error. Closing the stream leaves the process running.
         */
        post: operations["sandboxes.exec.stream"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/expose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a port a public (or private) preview */
        post: operations["sandboxes.expose"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Move the deadline of the running window */
        post: operations["sandboxes.extend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List a folder */
        get: operations["sandboxes.files.list"];
        put?: never;
        /** Write a file from base64 */
        post: operations["sandboxes.files.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A folder as tar.gz */
        get: operations["sandboxes.files.archive.get"];
        /**
         * Unpack a tar or tar.gz
         * @description Entries that are absolute or leave the folder, devices and links out refuse the whole archive. At most 2 GiB.
         */
        put: operations["sandboxes.files.archive.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/chmod": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the mode */
        post: operations["sandboxes.files.chmod"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a file; HEAD, Range and If-None-Match work */
        get: operations["sandboxes.files.read"];
        /**
         * Write a file from the raw body
         * @description Parents are made; the file is replaced atomically. If-Match and If-None-Match: * are honoured. At most 1 GiB.
         */
        put: operations["sandboxes.files.write"];
        post?: never;
        /** Delete a file or folder */
        delete: operations["sandboxes.files.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/copy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Copy */
        post: operations["sandboxes.files.copy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/mkdir": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a folder */
        post: operations["sandboxes.files.mkdir"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/rename": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Rename or move */
        post: operations["sandboxes.files.rename"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/stat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Facts of a file */
        post: operations["sandboxes.files.stat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/tree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A folder as a tree */
        get: operations["sandboxes.files.tree"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the changes below a folder
         * @description Events: created, modified, deleted, renamed with path, old_path, is_dir, size_bytes; overflow: some were lost, list again. Steps within 50 ms are one change: a file that is written beside another and renamed over it is modified. Links are not followed.
         */
        get: operations["sandboxes.files.watch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/write-many": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Write many files, each atomically */
        post: operations["sandboxes.files.writeMany"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a file named in the path */
        get: operations["sandboxes.files.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new sandbox with the files of this one
         * @description Of now, or of a snapshot; with its environment, and with slug, ids and entropy of its own.
         */
        post: operations["sandboxes.fork"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last lines of its processes */
        get: operations["sandboxes.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/logs/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The lines of its processes, as they come
         * @description Events `log` (as in the list) and, when nothing more can come, `end`. Resumable with `Last-Event-ID`. Never wakes a sandbox.
         */
        get: operations["sandboxes.logs.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Processor, memory, disk and network over a window of time
         * @description A point a step in which it ran. `cpu_percent`: 100 is one processor. `network_*_bytes`: within the step. Windows from 5m to 7d; step 10 s up to an hour, 5 min up to a day, else 30 min.
         */
        get: operations["sandboxes.metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/network-policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the sandbox may reach */
        get: operations["sandboxes.networkPolicy.get"];
        /**
         * Set what the sandbox may reach; in force when it answers
         * @description Deny beats allow. Under default deny, names that no rule allows do not resolve. Policies of project, workspace, organization and operator must allow as well. Private, link-local and metadata addresses, the host and other sandboxes are always blocked.
         */
        put: operations["sandboxes.networkPolicy.set"];
        post?: never;
        /** Remove the policy of the sandbox; those above it stay */
        delete: operations["sandboxes.networkPolicy.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/network-policy/blocked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was stopped, newest first; kept for about an hour */
        get: operations["sandboxes.networkPolicy.blocked"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pause a sandbox; its files are kept, its memory where `resume_keeps` says so */
        post: operations["sandboxes.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/ports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ports that listen now */
        get: operations["sandboxes.ports.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/preview-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mint a short-lived preview token for a browser */
        post: operations["sandboxes.previewToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/previews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List previews */
        get: operations["sandboxes.previews.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/previews/{preview_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a preview */
        get: operations["sandboxes.previews.get"];
        put?: never;
        post?: never;
        /** Make the port private again */
        delete: operations["sandboxes.previews.delete"];
        options?: never;
        head?: never;
        /** Change a preview */
        patch: operations["sandboxes.previews.update"];
        trace?: never;
    };
    "/sandboxes/{id}/processes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List processes */
        get: operations["sandboxes.processes.list"];
        put?: never;
        /**
         * Start a background process
         * @description Its record and the last 1 MiB of its output outlive a stop of the sandbox. `restart` starts it again after its end, under the same id, with a back-off from 0.5 s to 30 s; TERM, INT and HUP are no failure.
         */
        post: operations["sandboxes.processes.start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/processes/{pid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a process */
        get: operations["sandboxes.processes.get"];
        put?: never;
        post?: never;
        /** End a process and remove its record */
        delete: operations["sandboxes.processes.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/processes/{pid}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last output of a process */
        get: operations["sandboxes.processes.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/processes/{pid}/signal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a signal to the process group */
        post: operations["sandboxes.processes.signal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/processes/{pid}/stdin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Write to the standard input of a process */
        post: operations["sandboxes.processes.stdin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/processes/{pid}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follow the output of a process from a byte offset */
        get: operations["sandboxes.processes.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/readiness": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether commands run now and the readiness probe has passed (long poll) */
        get: operations["sandboxes.readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/restore/{snapshot_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new sandbox with the files of a snapshot, or the same one with them (`in_place`)
         * @description `in_place` ends what runs inside, replaces all files and boots again; it answers 200.
         */
        post: operations["sandboxes.restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resume a paused sandbox; no-op when running */
        post: operations["sandboxes.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/shares": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List active share links */
        get: operations["sandboxes.shares.list"];
        put?: never;
        /** Make a share link anyone may open */
        post: operations["sandboxes.shares.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/shares/{share}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a share link by its id or token */
        delete: operations["sandboxes.shares.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List snapshots, newest first
         * @description Also those of a destroyed sandbox. Deleted ones only with state=deleted.
         */
        get: operations["sandboxes.snapshots.list"];
        put?: never;
        /**
         * Keep the files of a sandbox as they are now
         * @description From running or paused, which it stays; a running one is frozen for milliseconds.
         */
        post: operations["sandboxes.snapshots.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/snapshots/{snapshot_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a snapshot */
        get: operations["sandboxes.snapshots.get"];
        put?: never;
        post?: never;
        /** Delete a snapshot; sandboxes made from it keep their files */
        delete: operations["sandboxes.snapshots.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/terminal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List open terminals */
        get: operations["sandboxes.terminal.list"];
        put?: never;
        /**
         * Open a terminal, or connect to an open one
         * @description Connect a WebSocket to `ws_url`. Binary frames are bytes both ways; text frames are JSON: {"type":"resize","cols","rows"} from the client, {"type":"exit","exit_code"} from the server, then close code 1000. The terminal lives on without connections until its shell ends, or 24 hours.
         */
        post: operations["sandboxes.terminal.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/terminal/{terminal_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a terminal and all that runs in it */
        delete: operations["sandboxes.terminal.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/terminal/{terminal_id}/connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The WebSocket of a terminal
         * @description Use the `ws_url` of the call that opened it, or this path with an Authorization header. Replays up to 256 KiB.
         */
        get: operations["sandboxes.terminal.connect"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/tunnel/{port}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A TCP connection to a port inside, over a WebSocket
         * @description Binary frames are bytes both ways. The text frame {"type":"end"} from the client ends its direction alone.
         */
        get: operations["sandboxes.tunnel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandboxes/{id}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the sandbox has used */
        get: operations["sandboxes.usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Settings of the organization */
        get: operations["settings.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change settings of the organization */
        patch: operations["settings.update"];
        trace?: never;
    };
    "/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What sandboxes can be made from
         * @description Those of the installation first, besides `limit`; then the organization’s own, newest first.
         */
        get: operations["templates.list"];
        put?: never;
        /**
         * Make a template; its first build is queued
         * @description Built in a sandbox of the same project, which is metered as one. From a snapshot without steps, its files become the template.
         */
        post: operations["templates.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/build-spec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The JSON Schema of build_spec */
        get: operations["templates.buildSpec"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What is wrong with a build_spec, without building it */
        post: operations["templates.validate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a template */
        get: operations["templates.get"];
        put?: never;
        post?: never;
        /** Delete a template; sandboxes made from it keep their files */
        delete: operations["templates.delete"];
        options?: never;
        head?: never;
        /** Change a template; a new build_spec is that of the next build */
        patch: operations["templates.update"];
        trace?: never;
    };
    "/templates/{id}/builds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the builds of a template, newest first */
        get: operations["templates.builds.list"];
        put?: never;
        /** Build a template again */
        post: operations["templates.builds.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{id}/builds/{build_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a build */
        get: operations["templates.builds.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{id}/builds/{build_id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last lines of a build */
        get: operations["templates.builds.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{id}/builds/{build_id}/logs/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The lines of a build, as they come
         * @description Events `log` (as in the list) and, when the build is over, `end`. Resumable with `Last-Event-ID`.
         */
        get: operations["templates.builds.logs.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenant/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Plan of the organization: its limits, and what it uses */
        get: operations["tenant.plan.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give the organization its permanent name and slug, once */
        put: operations["tenants.set"];
        post?: never;
        /** Delete the organization and everything in it; its slug is never given again */
        delete: operations["tenants.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{id}/invites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Invites to the organization that are not revoked, newest first */
        get: operations["tenants.invites.list"];
        put?: never;
        /**
         * Invite somebody to the organization by e-mail; the answer holds the link, once
         * @description Takes the place of an open invite for the same address. A member of the organization is added to a workspace at once (200).
         */
        post: operations["tenants.invites.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{id}/invites/{invite_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an invite to the organization */
        delete: operations["tenants.invites.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Members of the organization, newest first */
        get: operations["tenants.members.list"];
        put?: never;
        /** Add a user whom the caller knows from another organization; everybody else is invited */
        post: operations["tenants.members.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{id}/members/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a member, or leave; keys and sessions of the user here end within a second
         * @description Removing somebody else needs the role admin.
         */
        delete: operations["tenants.members.delete"];
        options?: never;
        head?: never;
        /** Change the role of a member, at most to the own one */
        patch: operations["tenants.members.update"];
        trace?: never;
    };
    "/tenants/{id}/transfer-ownership": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make another member the owner and step down to admin */
        post: operations["tenants.transferOwnership"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workspaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Workspaces, newest first */
        get: operations["workspaces.list"];
        put?: never;
        /**
         * Create a workspace for a downstream customer
         * @description A known external_workspace_id answers 200 with the workspace it is linked to.
         */
        post: operations["workspaces.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workspaces/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One workspace */
        get: operations["workspaces.get"];
        put?: never;
        post?: never;
        /** Delete a workspace; with force, everything inside is destroyed first */
        delete: operations["workspaces.delete"];
        options?: never;
        head?: never;
        /** Change a workspace; its slug stays */
        patch: operations["workspaces.update"];
        trace?: never;
    };
    "/workspaces/{id}/invites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Invites to the workspace that are not revoked, newest first */
        get: operations["workspaces.invites.list"];
        put?: never;
        /**
         * Invite somebody to the workspace by e-mail; the answer holds the link, once
         * @description Takes the place of an open invite for the same address. A member of the organization is added to a workspace at once (200).
         */
        post: operations["workspaces.invites.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workspaces/{id}/invites/{invite_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an invite to the workspace */
        delete: operations["workspaces.invites.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workspaces/{id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Users who were added to the workspace, newest first
         * @description Admins and owners of the organization reach every workspace, and all members the default one, without being listed here.
         */
        get: operations["workspaces.members.list"];
        put?: never;
        /** Add a member of the organization to the workspace */
        post: operations["workspaces.members.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workspaces/{id}/members/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove somebody from the workspace, or leave it
         * @description Removing somebody else needs the role admin.
         */
        delete: operations["workspaces.members.delete"];
        options?: never;
        head?: never;
        /** Change the role in the workspace, at most to the own one */
        patch: operations["workspaces.members.update"];
        trace?: never;
    };
    "/workspaces/{id}/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Replace the settings of a workspace */
        put: operations["workspaces.settings.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workspaces/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a workspace contains and uses now */
        get: operations["workspaces.stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AdminApiKeyStats: {
            total: number;
            active: number;
            revoked: number;
            expired: number;
            used_24h: number;
            by_type: {
                [key: string]: number;
            };
        };
        AdminDashboard: {
            tenants: number;
            users: number;
            api_keys: number;
            sandboxes: number;
            sandboxes_running: number;
            denied_24h: number;
        };
        AdminHealth: {
            /** @enum {unknown} */
            status: "operational" | "degraded";
            version: string;
            uptime_seconds: number;
            memory_bytes: number;
            dependencies: {
                [key: string]: boolean;
            };
            database: {
                latency_ms: number;
                connections: number;
                size_bytes: number;
            };
            audit: {
                unsealed: number;
            };
        };
        AdminStats: {
            tenants: {
                total: number;
                suspended: number;
            };
            users: {
                total: number;
                suspended: number;
                operators: number;
            };
            api_keys: {
                active: number;
            };
            /** @description By state */
            sandboxes: {
                [key: string]: number;
            };
            audit: {
                entries_24h: number;
                denied_24h: number;
            };
        };
        AdminTenant: {
            /** Format: uuid */
            id: string;
            name: string | null;
            slug: string;
            plan: string;
            owner_user_id: string | null;
            /** @enum {unknown} */
            status: "active" | "suspended";
            suspend_reason: string | null;
            suspended_at: string | null;
            settings: {
                allowed_origins: string[];
                embed_origins: string[];
            };
            counts: {
                members: number;
                api_keys: number;
                sandboxes: number;
            };
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            updated_at: string;
        };
        AdminUser: {
            /** Format: uuid */
            id: string;
            email: string;
            name: string | null;
            is_operator: boolean;
            /** @enum {unknown} */
            status: "active" | "suspended";
            suspend_reason: string | null;
            suspended_at: string | null;
            tenants: {
                /** Format: uuid */
                tenant_id: string;
                slug: string;
                /** @enum {unknown} */
                role: "viewer" | "member" | "admin" | "owner";
            }[];
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
        };
        ApiKey: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            tenant_id: string;
            name: string;
            /** @description First 12 characters; all that is ever shown again */
            key_prefix: string;
            /** @enum {unknown} */
            key_type: "user" | "live" | "test" | "admin" | "platform";
            /** @enum {unknown} */
            key_purpose: "api" | "optimal";
            scopes: string[];
            workspace_id: string | null;
            user_id: string | null;
            allowed_ips: string[];
            rate_limit_rpm: number;
            monthly_budget_usd: number | null;
            /** @enum {unknown} */
            status: "active" | "revoked" | "expired";
            expires_at: string | null;
            last_used_at: string | null;
            rotated_to: string | null;
            created_by: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
            revoked_at: string | null;
        };
        ApiKeyWithSecret: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            tenant_id: string;
            name: string;
            /** @description First 12 characters; all that is ever shown again */
            key_prefix: string;
            /** @enum {unknown} */
            key_type: "user" | "live" | "test" | "admin" | "platform";
            /** @enum {unknown} */
            key_purpose: "api" | "optimal";
            scopes: string[];
            workspace_id: string | null;
            user_id: string | null;
            allowed_ips: string[];
            rate_limit_rpm: number;
            monthly_budget_usd: number | null;
            /** @enum {unknown} */
            status: "active" | "revoked" | "expired";
            expires_at: string | null;
            last_used_at: string | null;
            rotated_to: string | null;
            created_by: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
            revoked_at: string | null;
            /** @description The key itself: returned this once, never stored */
            key: string;
        };
        ArchiveImport: {
            files: number;
            size_bytes: number;
        };
        AuditEntry: {
            id: string;
            tenant_id: string;
            api_key_id: string | null;
            actor: {
                /** @enum {unknown} */
                type: "key" | "user" | "browser" | "operator" | "system";
                id: string;
                name: string;
                /** @description Slug of the organization acted in */
                organization: string;
            };
            action: string;
            resource_type: string;
            resource_id: string | null;
            workspace_id: string | null;
            project_id: string | null;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            /** @enum {unknown} */
            outcome: "success" | "denied" | "failure";
            error_code: string | null;
            ip_address: string | null;
            user_agent: string | null;
            request_id: string;
            metadata: Record<string, unknown>;
            /** Format: date-time */
            created_at: string;
            prev_hash: string | null;
            hash: string | null;
        };
        AuditVerdict: {
            valid: boolean;
            /** @description Links that hold, from the oldest entry kept */
            checked: number;
            sealed_until: string | null;
            defect: ("changed" | "missing" | "inserted" | "broken_link" | "wrong_end") | null;
            first_bad_id: string | null;
        };
        BlockedTraffic: {
            /**
             * Format: date-time
             * @description the last attempt
             */
            ts: string;
            /** @description an address; with protocol dns the name that was refused */
            destination: string;
            port: number | null;
            /** @description tcp, udp, icmp or dns */
            protocol: string;
            /** @description packets or queries */
            count: number;
        };
        BrowserToken: {
            /** @description mbt_… */
            token: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            expires_at: string;
            permissions: string[];
            sandbox_id?: string;
            workspace_id: string;
            project_id?: string;
        };
        BrowserTokenRequest: {
            workspace_id?: string | null;
            project_id?: string | null;
            sandbox_id?: string | null;
            computer_id?: string | null;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
            /** @description sandbox:read, sandbox:exec, sandbox:files, preview:read, terminal:open, computer:view, computer:control; each needs the scope it rests on */
            permissions: string[];
            /** @default 3600 */
            ttl_seconds?: number;
        };
        BuildSpec: {
            /** @description a template (id or slug) or a snapshot (id) */
            from: string;
            /** @description of the distribution, e.g. "ffmpeg" or "redis=5:7.0.15-1" */
            packages?: string[];
            files?: {
                /** @description absolute, or relative to /workspace */
                path: string;
                content: string;
            }[];
            /** @description each by /bin/sh -lc; the first that fails ends the build */
            run?: string[];
            /** @description while it is built, and in sandboxes made from it; not for secrets: who sees the template reads it */
            env?: {
                [key: string]: string;
            };
            /** @description absolute, or relative to /workspace */
            workdir?: string;
            /**
             * @description of run; default sandbox
             * @enum {string}
             */
            user?: "sandbox" | "root";
            start_command?: string;
            preview_port?: number;
            readiness_probe?: components["schemas"]["ReadinessProbe"];
        };
        BulkAccepted: {
            id: string;
            queued: number;
        };
        BulkOperation: {
            id: string;
            /** @enum {string} */
            state: "running" | "done";
            /** @description not finished yet */
            queued: number;
            completed: number;
            failed: number;
            errors: {
                id: string;
                code: string;
            }[];
        };
        BulkRequest: {
            ids?: string[];
            filter?: {
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                state?: string;
                name?: string;
                slug?: string;
                tag?: string;
                template_id?: string;
            };
        };
        BulkResult: {
            results: {
                /** Format: uuid */
                id: string;
                success: boolean;
                error: {
                    code: string;
                    message: string;
                } | null;
            }[];
        };
        ChmodRequest: {
            /** @description absolute, or relative to /workspace */
            path: string;
            mode: string;
            recursive?: boolean;
        };
        CopyRequest: {
            /** @description absolute, or relative to /workspace */
            from: string;
            /** @description absolute, or relative to /workspace */
            to: string;
            overwrite?: boolean;
            recursive?: boolean;
        };
        Deleted: {
            id: string;
            /** @constant */
            deleted: true;
        };
        Deployment: {
            id: string;
            name: string;
            tenant_id: string;
            workspace_id: string;
            workspace_slug: string;
            workspace_name: string;
            project_id: string;
            project_slug: string;
            project_name: string;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            owner_user_id: string | null;
            metadata: {
                [key: string]: unknown;
            };
            tags: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            slug: string;
            /**
             * @description what visitors get; a later publish that fails leaves `running` as it is
             * @enum {string}
             */
            state: "pending" | "building" | "running" | "stopped" | "failed";
            state_reason: string | null;
            /** @enum {string} */
            source_type: "sandbox" | "upload" | "repo";
            /** @description the first of `urls`; show this one */
            public_url: string;
            urls: string[];
            /** @description always works */
            fallback_url: string;
            active_version_id: string | null;
            previous_version_id: string | null;
            current_build_id: string | null;
            repo_url: string | null;
            branch: string | null;
            auto_deploy: boolean;
            build_command: string | null;
            run_command: string | null;
            port: number | null;
            health_check_path: string | null;
            replicas: number;
            /** @enum {string} */
            size: "xs" | "small" | "medium" | "large" | "xl";
            env_revision: number;
            databases: string[];
            buckets: string[];
            /** @enum {string} */
            spa: "auto" | "on" | "off";
            test: boolean;
            deployed_at: string | null;
            /** @description only in the answer of create, of a deployment from a repository */
            webhook_secret?: string;
        };
        DeploymentBlob: {
            sha256: string;
            size_bytes: number;
        };
        DeploymentBlobs: {
            contents: number;
            size_bytes: number;
        };
        DeploymentBuild: {
            id: string;
            deployment_id: string;
            version_id: string;
            /** @enum {string} */
            state: "queued" | "building" | "ready" | "failed" | "cancelled";
            triggered_by: string;
            commit_sha: string | null;
            commit_message: string | null;
            error: string | null;
            /** Format: date-time */
            created_at: string;
            started_at: string | null;
            finished_at: string | null;
            duration_ms: number | null;
        };
        DeploymentBuildLine: {
            /** Format: date-time */
            ts: string;
            stream: "stdout" | "stderr" | "system";
            /** @description prepare, source, install, build or release */
            step: string;
            line: string;
        };
        DeploymentCreateRequest: {
            name: string;
            slug?: string;
            /** @enum {string} */
            source_type?: "sandbox" | "upload" | "repo";
            build_command?: string | null;
            run_command?: string | null;
            port?: number | null;
            health_check_path?: string | null;
            branch?: string | null;
            /** @description publish what is pushed to the branch (git-hook) */
            auto_deploy?: boolean;
            repo_url?: string | null;
            replicas?: number;
            /** @enum {string} */
            size?: "xs" | "small" | "medium" | "large" | "xl";
            /** @enum {string} */
            spa?: "auto" | "on" | "off";
            /** @description JSON object of at most 16 KiB */
            metadata?: Record<string, unknown>;
            env?: {
                [key: string]: string;
            };
            workspace_id?: string | null;
            workspace_slug?: string | null;
            workspace_name?: string | null;
            project_id?: string | null;
            project_slug?: string | null;
            project_name?: string | null;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
        };
        DeploymentEnvSetRequest: {
            vars: {
                key: string;
                value: string;
                encrypted?: boolean;
            }[];
            replace?: boolean;
        };
        DeploymentEnvVar: {
            key: string;
            value: string | null;
            encrypted: boolean;
            /** Format: date-time */
            updated_at: string;
        };
        DeploymentInstance: {
            id: string;
            deployment_id: string;
            version_id: string;
            release_id: string;
            /** @enum {string} */
            state: "pending" | "starting" | "healthy" | "unhealthy" | "stopping" | "stopped" | "failed";
            state_reason: string | null;
            port: number;
            restarts: number;
            /** Format: date-time */
            created_at: string;
            started_at: string | null;
            stopped_at: string | null;
        };
        DeploymentLogLine: {
            /**
             * Format: date-time
             * @description when a followed line was read; of earlier ones, when their instance started or ended
             */
            ts: string;
            /** @enum {string} */
            stream: "stdout" | "stderr";
            line: string;
            instance_id: string;
            version_id: string;
        };
        DeploymentMetrics: {
            window: string;
            step_sec: number;
            series: {
                requests: [
                    string,
                    number
                ][];
                errors: [
                    string,
                    number
                ][];
                p50_ms: [
                    string,
                    number
                ][];
                p95_ms: [
                    string,
                    number
                ][];
                egress_bytes: [
                    string,
                    number
                ][];
                cpu_percent: [
                    string,
                    number
                ][];
                memory_bytes: [
                    string,
                    number
                ][];
            };
        };
        DeploymentPublishRequest: {
            source_sandbox_id?: string;
            source_snapshot_id?: string;
            /** @enum {string} */
            kind?: "auto" | "static" | "dynamic";
            /** @constant */
            environment?: "production";
            /** @description folder with the finished site; relative to /workspace or absolute */
            output_path?: string;
            /** @description file that must be there; default index.html */
            entrypoint?: string;
            build_command?: string;
            run_command?: string;
            port?: number;
            health_check_path?: string;
            /** @description default true; false leaves it at its staged address */
            promote?: boolean;
            metadata?: {
                [key: string]: unknown;
            };
            /** @description default true */
            wait?: boolean;
            wait_seconds?: number;
            workspace_id?: string | null;
            workspace_slug?: string | null;
            workspace_name?: string | null;
            project_id?: string | null;
            project_slug?: string | null;
            project_name?: string | null;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
        };
        DeploymentRedeployRequest: {
            /** @description default true */
            wait?: boolean;
            wait_seconds?: number;
        };
        DeploymentRelease: {
            id: string;
            deployment_id: string;
            version_id: string;
            /** @enum {string} */
            kind: "static" | "oci" | "rootfs";
            sha256: string;
            size_bytes: number;
            collected_at: string | null;
            /** Format: date-time */
            created_at: string;
        };
        DeploymentRollbackRequest: {
            version_id?: string;
        };
        DeploymentUpdateRequest: {
            name?: string;
            slug?: string;
            build_command?: string | null;
            run_command?: string | null;
            port?: number | null;
            health_check_path?: string | null;
            branch?: string | null;
            /** @description publish what is pushed to the branch (git-hook) */
            auto_deploy?: boolean;
            repo_url?: string | null;
            replicas?: number;
            /** @enum {string} */
            size?: "xs" | "small" | "medium" | "large" | "xl";
            /** @enum {string} */
            spa?: "auto" | "on" | "off";
            /** @description JSON object of at most 16 KiB */
            metadata?: Record<string, unknown>;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
        };
        DeploymentUpload: {
            id: string;
            missing: string[];
            /** Format: date-time */
            expires_at: string;
        };
        DeploymentUploadRequest: {
            files: {
                /** @description relative, with `/` */
                path: string;
                sha256: string;
                size_bytes: number;
                /** @description default 0644 */
                mode?: string;
            }[];
        };
        DeploymentVersion: {
            id: string;
            name: string;
            tenant_id: string;
            workspace_id: string;
            workspace_slug: string;
            workspace_name: string;
            project_id: string;
            project_slug: string;
            project_name: string;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            owner_user_id: string | null;
            metadata: {
                [key: string]: unknown;
            };
            tags: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            deployment_id: string;
            version_number: number;
            kind: ("static" | "dynamic") | null;
            /** @enum {string} */
            state: "created" | "building" | "ready" | "failed" | "archived";
            state_reason: string | null;
            release_id: string | null;
            build_id: string | null;
            source_sandbox_id: string | null;
            source_sha256: string | null;
            artifact_sha256: string | null;
            artifact_manifest: {
                files: number;
                total_bytes: number;
                entrypoint: string | null;
            } | null;
            run_command: string | null;
            port: number | null;
            health_check_path: string | null;
            env_revision: number;
            /** @description staged address: this version, live or not */
            url: string;
            created_by: string;
            promoted_at: string | null;
            archived_at: string | null;
        };
        DeploymentVersionCreateRequest: {
            upload_id: string;
            /** @enum {string} */
            kind?: "auto" | "static" | "dynamic";
            /** @constant */
            environment?: "production";
            /** @description folder with the finished site; relative to /workspace or absolute */
            output_path?: string;
            /** @description file that must be there; default index.html */
            entrypoint?: string;
            build_command?: string;
            run_command?: string;
            port?: number;
            health_check_path?: string;
            /** @description default true; false leaves it at its staged address */
            promote?: boolean;
            metadata?: {
                [key: string]: unknown;
            };
            /** @description default true */
            wait?: boolean;
            wait_seconds?: number;
            workspace_id?: string | null;
            workspace_slug?: string | null;
            workspace_name?: string | null;
            project_id?: string | null;
            project_slug?: string | null;
            project_name?: string | null;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
        };
        DeviceCodes: {
            device_code: string;
            /** @description For the user to type where the browser is logged in */
            user_code: string;
            verification_uri: string;
            verification_uri_complete: string;
            /** @description Seconds */
            expires_in: number;
            /** @description Seconds to wait between two polls */
            interval: number;
        };
        DeviceToken: {
            /** @description A key of the user who approved: returned this once */
            api_key: string;
            tenant: components["schemas"]["Tenant"];
        };
        EnvSetRequest: {
            vars: {
                key: string;
                value: string;
                encrypted?: boolean;
                hosts?: string[] | null;
            }[];
            replace?: boolean;
        };
        EnvVar: {
            key: string;
            value: string | null;
            encrypted: boolean;
            hosts: string[] | null;
            /** Format: date-time */
            updated_at: string;
        };
        Error: {
            error: {
                /** @enum {string} */
                code: "BAD_REQUEST" | "UNAUTHORIZED" | "FORBIDDEN" | "QUOTA_EXCEEDED" | "NOT_FOUND" | "METHOD_NOT_ALLOWED" | "NOT_ACCEPTABLE" | "REQUEST_TIMEOUT" | "CONFLICT" | "SETUP_REQUIRED" | "SLUG_TAKEN" | "NAME_TAKEN" | "SANDBOX_NOT_RUNNING" | "IN_USE" | "TASK_RUNNING" | "NOT_EMPTY" | "SNAPSHOT_NOT_READY" | "VERSION_NOT_READY" | "ALREADY_ACCEPTED" | "LAST_OWNER" | "IDEMPOTENCY_IN_PROGRESS" | "GONE" | "PRECONDITION_FAILED" | "PAYLOAD_TOO_LARGE" | "UNSUPPORTED_MEDIA_TYPE" | "RANGE_NOT_SATISFIABLE" | "MISDIRECTED_REQUEST" | "VALIDATION_ERROR" | "IDEMPOTENCY_KEY_REUSED" | "OWNERSHIP_CONFLICT" | "IMMUTABLE_FIELD" | "EMAIL_MISMATCH" | "RATE_LIMITED" | "INTERNAL" | "UPSTREAM_UNREACHABLE" | "UNAVAILABLE" | "TIMEOUT" | "STORAGE_FULL";
                /** @description What happened and what to do. */
                message: string;
                request_id: string;
                details?: Record<string, unknown>;
            };
        };
        Event: {
            /** @description Sorted: a later event has a greater id */
            id: string;
            /** @description e.g. sandbox.created */
            type: string;
            /** Format: date-time */
            created_at: string;
            tenant_id: string;
            workspace_id: string | null;
            project_id: string | null;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            actor: {
                type: string;
                id: string;
                name: string;
            } | null;
            resource: {
                type: string;
                id: string;
            };
            /** @description The object after the change */
            data: Record<string, unknown>;
        };
        ExecRequest: {
            /** @description A string runs under /bin/sh -lc; an array is an argument vector. */
            command: string | string[];
            /** @description default /workspace */
            cwd?: string;
            env?: {
                [key: string]: string;
            };
            stdin?: string;
            /** @enum {string} */
            user?: "sandbox" | "root";
            /** @description seconds, default 60 */
            timeout?: number;
        };
        ExecResult: {
            stdout: string;
            stderr: string;
            /** @description from wait(); 128 + signal when a signal ended it */
            exit_code: number;
            signal: string | null;
            duration_ms: number;
            timed_out: boolean;
            /** @description more than 4 MiB on a stream; the rest was dropped */
            truncated: boolean;
            process_id: string;
        };
        ExecStreamRequest: {
            /** @description A string runs under /bin/sh -lc; an array is an argument vector. */
            command: string | string[];
            /** @description default /workspace */
            cwd?: string;
            env?: {
                [key: string]: string;
            };
            stdin?: string;
            /** @enum {string} */
            user?: "sandbox" | "root";
            /** @description seconds, default 60 */
            timeout?: number;
        };
        ExposeRequest: {
            port: number;
            name?: string;
            /** @enum {string} */
            visibility?: "public" | "private";
        };
        File: {
            path: string;
            name: string;
            /** @enum {string} */
            type: "file" | "dir" | "symlink";
            size_bytes: number;
            /** @description octal, e.g. 0644 */
            mode: string;
            /** Format: date-time */
            modified_at: string;
            symlink_target?: string;
        };
        FileCreateRequest: {
            /** @description absolute, or relative to /workspace */
            path: string;
            content: string;
            mode?: string;
        };
        FileTree: {
            path: string;
            name: string;
            /** @enum {string} */
            type: "file" | "dir" | "symlink";
            size_bytes: number;
            /** @description octal, e.g. 0644 */
            mode: string;
            /** Format: date-time */
            modified_at: string;
            symlink_target?: string;
            children: {
                [key: string]: unknown;
            }[];
        };
        GitHookResult: {
            success: boolean;
            /** @description why nothing is built */
            ignored: string | null;
            version_id: string | null;
            build_id: string | null;
        };
        Invite: {
            id: string;
            /** Format: uuid */
            tenant_id: string;
            workspace_id: string | null;
            email: string;
            /** @enum {unknown} */
            role: "viewer" | "member" | "admin" | "owner";
            /** Format: uuid */
            invited_by: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            expires_at: string;
            accepted_at: string | null;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
        };
        InviteAccepted: {
            /** @constant */
            accepted: true;
            /** Format: uuid */
            tenant_id: string;
            workspace_id: string | null;
            /** @enum {unknown} */
            role: "viewer" | "member" | "admin" | "owner";
        };
        InviteCreated: {
            id: string;
            /** Format: uuid */
            tenant_id: string;
            workspace_id: string | null;
            email: string;
            /** @enum {unknown} */
            role: "viewer" | "member" | "admin" | "owner";
            /** Format: uuid */
            invited_by: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            expires_at: string;
            accepted_at: string | null;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
            invite_url: string | null;
        };
        InviteView: {
            email: string;
            tenant_name: string | null;
            workspace_name: string | null;
            /** @enum {unknown} */
            role: "viewer" | "member" | "admin" | "owner";
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            expires_at: string;
            expired: boolean;
            revoked: boolean;
            accepted: boolean;
        };
        LogLine: {
            /** Format: date-time */
            ts: string;
            /** @enum {string} */
            stream: "stdout" | "stderr" | "system";
            line: string;
            source?: string;
        };
        LoginResult: {
            token: string;
            refresh_token: string;
            user: {
                /** Format: uuid */
                id: string;
                email: string;
                name: string | null;
            };
            tenant: components["schemas"]["Tenant"];
        };
        Me: {
            /** @enum {unknown} */
            credential: "key" | "jwt" | "browser";
            user: components["schemas"]["User"] | null;
            tenant: components["schemas"]["Tenant"];
            role: ("viewer" | "member" | "admin" | "owner") | null;
            key: components["schemas"]["ApiKey"] | null;
            scopes: string[];
            permissions: string[] | null;
        };
        Member: {
            /** Format: uuid */
            user_id: string;
            email: string;
            name: string | null;
            avatar_url: string | null;
            /** @enum {unknown} */
            role: "viewer" | "member" | "admin" | "owner";
            /** @enum {unknown} */
            status: "active" | "suspended";
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            joined_at: string;
        };
        MkdirRequest: {
            /** @description absolute, or relative to /workspace */
            path: string;
            recursive?: boolean;
            mode?: string;
        };
        NetworkPolicy: {
            /**
             * @description of what no rule names
             * @enum {unknown}
             */
            default_effect: "allow" | "deny";
            rules: components["schemas"]["NetworkRule"][];
        };
        NetworkRule: {
            /**
             * @description deny beats allow
             * @enum {unknown}
             */
            effect: "allow" | "deny";
            /** @description api.example.com, *.example.com (subdomains) or CIDR */
            destination: string;
            /** @description 443 or "8000-8100"; left out: every port */
            ports?: (number | string)[];
            /** @enum {unknown} */
            protocol?: "tcp" | "udp" | "any";
        };
        OpenedTerminal: {
            id: string;
            /** @description good for one connection, until expires_at */
            ws_url: string;
            /** Format: date-time */
            expires_at: string;
        };
        OwnerSettings: {
            default_region?: string;
            /** @enum {unknown} */
            default_sandbox_size?: "xs" | "small" | "medium" | "large" | "xl";
            idle_timeout_sec?: number;
            network_policy?: components["schemas"]["NetworkPolicy"];
            markup_percent?: number;
        };
        Plan: {
            /** Format: uuid */
            id: string;
            name: string | null;
            plan: string;
            /** @enum {unknown} */
            status: "active" | "suspended";
            limits: {
                [key: string]: number;
            };
            usage: {
                [key: string]: number;
            };
        };
        Port: {
            port: number;
            address: string;
            process_id: string | null;
            command: string;
            url: string;
            /** @enum {string} */
            visibility: "public" | "private";
        };
        Preview: {
            id: string;
            name: string;
            tenant_id: string;
            workspace_id: string;
            workspace_slug: string;
            workspace_name: string;
            project_id: string;
            project_slug: string;
            project_name: string;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            owner_user_id: string | null;
            metadata: {
                [key: string]: unknown;
            };
            tags: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            sandbox_id: string;
            port: number;
            /** @enum {string} */
            visibility: "public" | "private";
            /** @enum {string} */
            host_header: "localhost" | "public";
            /** @enum {string} */
            state: "active" | "deleted";
            url: string;
        };
        PreviewToken: {
            token: string;
            url: string;
            /** Format: date-time */
            expires_at: string;
            sandbox_id: string;
            /** @enum {string} */
            scope: "read" | "interact";
            port: number | "any";
        };
        PreviewTokenRequest: {
            /** @description seconds, default 3600 */
            expires_in?: number;
            /** @enum {string} */
            scope?: "read" | "interact";
            port?: number | "any";
        };
        PreviewUpdateRequest: {
            name?: string | null;
            /** @enum {string} */
            visibility?: "public" | "private";
            /** @enum {string} */
            host_header?: "localhost" | "public";
        };
        Process: {
            id: string;
            pid: number;
            name: string | null;
            command: string | string[];
            cwd: string;
            /** @enum {string} */
            state: "running" | "exited";
            state_reason: string | null;
            exit_code: number | null;
            signal: string | null;
            autostart: boolean;
            /** @enum {string} */
            restart: "never" | "on_failure" | "always";
            /** @description how often it was started again by that */
            restarts: number;
            /** Format: date-time */
            started_at: string;
            exited_at: string | null;
            log_bytes: number;
            log_truncated: boolean;
        };
        ProcessLogs: {
            stdout: string;
            stderr: string;
            truncated: boolean;
        };
        ProcessSignalRequest: {
            /** @enum {string} */
            signal: "TERM" | "KILL" | "INT" | "HUP" | "USR1" | "USR2" | "STOP" | "CONT";
        };
        ProcessStartRequest: {
            /** @description A string runs under /bin/sh -lc; an array is an argument vector. */
            command: string | string[];
            /** @description default /workspace */
            cwd?: string;
            env?: {
                [key: string]: string;
            };
            stdin?: string;
            /** @enum {string} */
            user?: "sandbox" | "root";
            timeout?: number;
            name?: string;
            /** @description runs again, under its id, whenever the machine boots from its files */
            autostart?: boolean;
            /** @enum {string} */
            restart?: "never" | "on_failure" | "always";
        };
        ProcessStdinRequest: {
            data?: string;
            data_base64?: string;
            eof?: boolean;
        };
        Project: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            tenant_id: string;
            name: string;
            slug: string;
            description: string | null;
            is_default: boolean;
            /** @description JSON object of at most 16 KiB */
            metadata: Record<string, unknown>;
            settings: components["schemas"]["OwnerSettings"];
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            updated_at: string;
            /** Format: uuid */
            workspace_id: string;
            workspace_slug: string;
            external_project_id: string | null;
            primary_deployment_id: string | null;
            counts: {
                sandboxes: number;
                computers: number;
                deployments: number;
                databases: number;
            };
        };
        PublishResult: {
            deployment: components["schemas"]["Deployment"];
            version: components["schemas"]["DeploymentVersion"];
            release: components["schemas"]["DeploymentRelease"] | null;
            build: components["schemas"]["DeploymentBuild"] | null;
            services: {
                /** @enum {string} */
                type: "static_web" | "web";
                /** @enum {string} */
                state: "pending" | "healthy" | "unhealthy" | "staged";
            }[];
            promoted: boolean;
        };
        ReadinessProbe: {
            /** @enum {string} */
            type: "http" | "tcp" | "command";
            port?: number;
            /** @description of http; default / */
            path?: string;
            command?: string;
            /** @description seconds; default 60 */
            timeout_sec?: number;
        };
        RenameRequest: {
            /** @description absolute, or relative to /workspace */
            from: string;
            /** @description absolute, or relative to /workspace */
            to: string;
            overwrite?: boolean;
        };
        Sandbox: {
            id: string;
            name: string;
            tenant_id: string;
            workspace_id: string;
            workspace_slug: string;
            workspace_name: string;
            project_id: string;
            project_slug: string;
            project_name: string;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            owner_user_id: string | null;
            metadata: {
                [key: string]: unknown;
            };
            tags: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** @description part of preview host names */
            slug: string;
            /** @enum {string} */
            state: "provisioning" | "running" | "paused" | "error" | "destroyed" | "snapshotting";
            state_reason: string | null;
            ended_reason: ("user" | "timeout" | "idle" | "quota" | "credits" | "operator" | "workspace_deleted" | "project_deleted" | "organization_deleted" | "error") | null;
            /** @description commands run now */
            ready: boolean;
            template_id: string;
            image: string | null;
            size: string;
            /** @description share of the host, not a pin */
            cpu_count: number;
            memory_mb: number;
            disk_size_mb: number;
            persistent: boolean;
            always_on: boolean;
            timeout_sec: number;
            idle_timeout_sec: number;
            expires_at: string | null;
            timeout_remaining_ms: number | null;
            isolation: ("container" | "gvisor" | "microvm") | null;
            boot_path: ("cold" | "warm" | "snapshot" | "fork") | null;
            boot_ms: number | null;
            resume_keeps: ("files" | "memory") | null;
            preview_url: string;
            preview_port: number;
            region: string;
            test: boolean;
            snapshot_id: string | null;
            parent_sandbox_id: string | null;
            last_activity_at: string | null;
            started_at: string | null;
            paused_at: string | null;
            destroyed_at: string | null;
            total_runtime_sec: number;
        };
        SandboxCreateRequest: {
            template_id?: string;
            name?: string;
            /** @enum {string} */
            size?: "xs" | "small" | "medium" | "large" | "xl";
            cpu_count?: number;
            memory_mb?: number;
            disk_size_mb?: number;
            /** @description answers 200 with the sandbox of that name in the project where there is one; needs `name` */
            get_or_create?: boolean;
            /** @description seconds */
            timeout_sec?: number;
            /** @description seconds; 0 = off, else at least 60 */
            idle_timeout_sec?: number;
            persistent?: boolean;
            always_on?: boolean;
            env?: {
                [key: string]: string;
            };
            /** @description brokered variables: inside they are placeholders, whose true values are sent to their hosts only */
            secrets?: {
                key: string;
                value: string;
                /** @description hosts that the true value is sent to (`api.example.com`, `*.example.com`) */
                hosts: string[];
            }[];
            tags?: string[];
            /** @description JSON object of at most 16 KiB */
            metadata?: Record<string, unknown>;
            preview_port?: number;
            /** @description runs as the service `start`: at each boot, and again when it fails */
            start_command?: string;
            wait?: boolean;
            wait_seconds?: number;
            region?: string | null;
            image?: string | null;
            /**
             * @description what lies between it and the host; as the operator’s policy when absent
             * @enum {string}
             */
            isolation?: "container" | "gvisor" | "microvm";
            snapshot_id?: string | null;
            /** @description not available on this installation yet */
            git?: unknown;
            /** @description not available on this installation yet */
            databases?: unknown;
            /** @description not available on this installation yet */
            buckets?: unknown;
            /** @description not available on this installation yet */
            volumes?: unknown;
            network_policy?: components["schemas"]["NetworkPolicy"];
            readiness_probe?: components["schemas"]["ReadinessProbe"] | null;
            workspace_id?: string | null;
            workspace_slug?: string | null;
            workspace_name?: string | null;
            project_id?: string | null;
            project_slug?: string | null;
            project_name?: string | null;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
        };
        SandboxDeployRequest: {
            deployment_id?: string;
            name?: string;
            /** @enum {string} */
            kind?: "auto" | "static" | "dynamic";
            /** @constant */
            environment?: "production";
            /** @description folder with the finished site; relative to /workspace or absolute */
            output_path?: string;
            /** @description file that must be there; default index.html */
            entrypoint?: string;
            build_command?: string;
            run_command?: string;
            port?: number;
            health_check_path?: string;
            /** @description default true; false leaves it at its staged address */
            promote?: boolean;
            metadata?: {
                [key: string]: unknown;
            };
            /** @description default true */
            wait?: boolean;
            wait_seconds?: number;
        };
        SandboxExtendRequest: {
            /** @description seconds */
            timeout_sec?: number;
        };
        SandboxForkRequest: {
            snapshot_id?: string | null;
            name?: string;
            /** @description seconds */
            timeout_sec?: number;
            persistent?: boolean;
            /** @description JSON object of at most 16 KiB */
            metadata?: Record<string, unknown>;
            external_user_id?: string | null;
        };
        SandboxMetrics: {
            window: string;
            step_sec: number;
            series: {
                cpu_percent: [
                    string,
                    number
                ][];
                memory_bytes: [
                    string,
                    number
                ][];
                disk_bytes: [
                    string,
                    number
                ][];
                network_rx_bytes: [
                    string,
                    number
                ][];
                network_tx_bytes: [
                    string,
                    number
                ][];
            };
        };
        SandboxReadiness: {
            ready: boolean;
            /** @enum {string} */
            state: "provisioning" | "running" | "paused" | "error" | "destroyed";
            checks: {
                name: string;
                ok: boolean;
                message: string;
            }[];
        };
        SandboxRestoreRequest: {
            /** @enum {string} */
            mode?: "new" | "in_place";
            name?: string;
        };
        SandboxResumeRequest: {
            wait?: boolean;
        };
        SandboxRun: {
            sandbox: components["schemas"]["Sandbox"];
            result: components["schemas"]["ExecResult"];
        };
        SandboxRunRequest: {
            template_id?: string;
            name?: string;
            /** @enum {string} */
            size?: "xs" | "small" | "medium" | "large" | "xl";
            cpu_count?: number;
            memory_mb?: number;
            disk_size_mb?: number;
            /** @description answers 200 with the sandbox of that name in the project where there is one; needs `name` */
            get_or_create?: boolean;
            /** @description seconds */
            timeout_sec?: number;
            /** @description seconds; 0 = off, else at least 60 */
            idle_timeout_sec?: number;
            persistent?: boolean;
            always_on?: boolean;
            env?: {
                [key: string]: string;
            };
            /** @description brokered variables: inside they are placeholders, whose true values are sent to their hosts only */
            secrets?: {
                key: string;
                value: string;
                /** @description hosts that the true value is sent to (`api.example.com`, `*.example.com`) */
                hosts: string[];
            }[];
            tags?: string[];
            /** @description JSON object of at most 16 KiB */
            metadata?: Record<string, unknown>;
            preview_port?: number;
            /** @description runs as the service `start`: at each boot, and again when it fails */
            start_command?: string;
            wait?: boolean;
            wait_seconds?: number;
            region?: string | null;
            image?: string | null;
            /**
             * @description what lies between it and the host; as the operator’s policy when absent
             * @enum {string}
             */
            isolation?: "container" | "gvisor" | "microvm";
            snapshot_id?: string | null;
            /** @description not available on this installation yet */
            git?: unknown;
            /** @description not available on this installation yet */
            databases?: unknown;
            /** @description not available on this installation yet */
            buckets?: unknown;
            /** @description not available on this installation yet */
            volumes?: unknown;
            network_policy?: components["schemas"]["NetworkPolicy"];
            readiness_probe?: components["schemas"]["ReadinessProbe"] | null;
            workspace_id?: string | null;
            workspace_slug?: string | null;
            workspace_name?: string | null;
            project_id?: string | null;
            project_slug?: string | null;
            project_name?: string | null;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
            /** @description A string runs under /bin/sh -lc; an array is an argument vector. */
            command: string | string[];
            /** @description default /workspace */
            cwd?: string;
            stdin?: string;
            /** @enum {string} */
            user?: "sandbox" | "root";
            timeout?: number;
            keep?: boolean;
        };
        SandboxUpdateRequest: {
            name?: string;
            tags?: string[] | null;
            metadata?: Record<string, unknown> | null;
            always_on?: boolean;
            /** @description seconds */
            timeout_sec?: number;
            /** @description seconds; 0 = off, else at least 60 */
            idle_timeout_sec?: number;
            preview_port?: number | null;
            /** @enum {string} */
            size?: "xs" | "small" | "medium" | "large" | "xl";
            cpu_count?: number;
            memory_mb?: number;
            disk_size_mb?: number;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
        };
        SandboxUsage: {
            sandbox_id: string;
            /** @enum {string} */
            state: "provisioning" | "running" | "paused" | "error" | "destroyed";
            runtime_sec: number;
            provisioned_vcpu_ms: number;
            provisioned_memory_mb_ms: number;
            active_cpu_ms: number | null;
            network_ingress_bytes: number | null;
            network_egress_bytes: number | null;
            storage_bytes: number | null;
            measurement_status: {
                /** @enum {string} */
                active_cpu: "measured" | "estimated" | "unavailable";
                /** @enum {string} */
                network: "measured" | "estimated" | "unavailable";
                /** @enum {string} */
                provisioned_resources: "measured" | "estimated" | "unavailable";
            };
            estimated_cost_usd: number;
            timeout_sec: number;
            timeout_remaining_ms: number | null;
        };
        Settings: {
            /** @description e.g. https://app.cliniciq.com; empty = any */
            allowed_origins: string[];
            /** @description e.g. https://app.cliniciq.com; empty = any */
            embed_origins: string[];
            network_policy: components["schemas"]["NetworkPolicy"] | null;
        };
        SettingsUpdateRequest: {
            allowed_origins?: string[] | null;
            embed_origins?: string[] | null;
            network_policy?: components["schemas"]["NetworkPolicy"] | null;
        };
        Share: {
            id: string;
            /** @description whole at creation, afterwards only its beginning */
            token: string;
            url: string;
            expires_at: string | null;
            sandbox_id: string;
            port: number;
            name: string | null;
            /** Format: date-time */
            created_at: string;
            last_used_at: string | null;
        };
        ShareRequest: {
            /** @description seconds; omitted = never */
            expires_in?: number;
            port?: number;
            name?: string;
        };
        Snapshot: {
            id: string;
            name: string;
            tenant_id: string;
            workspace_id: string;
            workspace_slug: string;
            workspace_name: string;
            project_id: string;
            project_slug: string;
            project_name: string;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            owner_user_id: string | null;
            metadata: {
                [key: string]: unknown;
            };
            tags: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            sandbox_id: string;
            /** @enum {string} */
            state: "creating" | "ready" | "failed" | "deleted";
            state_reason: string | null;
            comment: string | null;
            /** @description never expires */
            keep: boolean;
            retention_seconds: number | null;
            expires_at: string | null;
            /** @description all files it holds, shared with others or not */
            size_bytes: number;
            last_used_at: string | null;
        };
        SnapshotCreateRequest: {
            comment?: string;
            /** @description never expires */
            keep?: boolean;
            /** @description default 2592000 */
            retention_seconds?: number;
            wait?: boolean;
            wait_seconds?: number;
        };
        SseTicket: {
            /** @description sset_… */
            ticket: string;
            expires_in: number;
        };
        SseTicketRequest: {
            stream?: string | null;
        };
        Success: {
            /** @constant */
            success: true;
        };
        Switched: {
            tenant: components["schemas"]["Tenant"];
            token: string;
            refresh_token: string;
        };
        Template: {
            /** @description tpl_…; of those that come with the installation the slug */
            id: string;
            slug: string;
            name: string;
            description: string | null;
            tenant_id: string | null;
            workspace_id: string | null;
            workspace_slug: string | null;
            workspace_name: string | null;
            project_id: string | null;
            project_slug: string | null;
            project_name: string | null;
            external_workspace_id: string | null;
            external_user_id: string | null;
            external_project_id: string | null;
            owner_user_id: string | null;
            /** @enum {string} */
            product: "sandbox" | "computer";
            /** @enum {string} */
            source: "builtin" | "custom";
            /** @enum {string} */
            default_size: "xs" | "small" | "medium" | "large" | "xl";
            workdir: string;
            preview_port: number | null;
            install_command: string | null;
            start_command: string | null;
            readiness_probe: components["schemas"]["ReadinessProbe"] | null;
            installed_tools: string[];
            build_spec: components["schemas"]["BuildSpec"] | null;
            /**
             * @description ready stays ready while it is built again
             * @enum {string}
             */
            state: "queued" | "building" | "ready" | "failed";
            sizes: {
                /** @enum {string} */
                size: "xs" | "small" | "medium" | "large" | "xl";
                /** @enum {string} */
                state: "fast_ready" | "cold_boot_only" | "missing";
            }[];
            created_at: string | null;
            updated_at: string | null;
        };
        TemplateBuild: {
            id: string;
            template_id: string;
            /** @enum {string} */
            state: "queued" | "building" | "ready" | "failed";
            error: string | null;
            triggered_by: string;
            /** Format: date-time */
            created_at: string;
            started_at: string | null;
            finished_at: string | null;
            duration_ms: number | null;
        };
        TemplateCreateRequest: {
            name: string;
            slug?: string;
            description?: string;
            build_spec: components["schemas"]["BuildSpec"];
            workspace_id?: string | null;
            workspace_slug?: string | null;
            workspace_name?: string | null;
            project_id?: string | null;
            project_slug?: string | null;
            project_name?: string | null;
            external_workspace_id?: string | null;
            external_user_id?: string | null;
            external_project_id?: string | null;
        };
        TemplateUpdateRequest: {
            name?: string;
            description?: string | null;
            build_spec?: components["schemas"]["BuildSpec"];
        };
        TemplateValidateRequest: {
            build_spec: unknown;
        };
        TemplateValidation: {
            valid: boolean;
            errors: {
                path: string;
                message: string;
            }[];
        };
        Tenant: {
            /** Format: uuid */
            id: string;
            name: string | null;
            slug: string;
            setup_required: boolean;
            setup_reason: ("temporary_slug" | "slug_mismatch" | "no_name") | null;
            plan: string;
            owner_user_id: string | null;
            role: ("viewer" | "member" | "admin" | "owner") | null;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            updated_at: string;
        };
        Terminal: {
            id: string;
            shell: string;
            cwd: string;
            cols: number;
            rows: number;
            /** @description who looks at it now */
            connections: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_activity_at: string;
        };
        TerminalRequest: {
            /** @description of an open terminal: connects to it again and replays its scrollback */
            id?: string;
            /** @description default 80 */
            cols?: number;
            /** @description default 24 */
            rows?: number;
            /** @description default: the shell of the user */
            shell?: string;
            /** @description default /workspace */
            cwd?: string;
            env?: {
                [key: string]: string;
            };
        };
        User: {
            /** Format: uuid */
            id: string;
            email: string;
            name: string | null;
            avatar_url: string | null;
            is_operator: boolean;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
        };
        Workspace: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            tenant_id: string;
            name: string;
            slug: string;
            description: string | null;
            is_default: boolean;
            /** @description JSON object of at most 16 KiB */
            metadata: Record<string, unknown>;
            settings: components["schemas"]["OwnerSettings"];
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            created_at: string;
            /**
             * Format: date-time
             * @description UTC, ISO-8601 with milliseconds
             */
            updated_at: string;
            external_workspace_id: string | null;
            counts: {
                projects: number;
                sandboxes: number;
                computers: number;
                deployments: number;
                databases: number;
            };
        };
        WorkspaceStats: {
            computers: number;
            sandboxes: number;
            deployments: number;
            databases: number;
            running: number;
            vcpus: number;
            memory_mb: number;
            storage_bytes: number;
        };
        WriteManyRequest: {
            files: {
                /** @description absolute, or relative to /workspace */
                path: string;
                content?: string;
                content_base64?: string;
                mode?: string;
            }[];
        };
        WriteManyResult: {
            written: {
                path: string;
                size_bytes: number;
            }[];
            failed: {
                path: string;
                code: string;
                message: string;
            }[];
        };
    };
    responses: {
        /** @description BAD_REQUEST */
        Error400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description UNAUTHORIZED */
        Error401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description FORBIDDEN, QUOTA_EXCEEDED */
        Error403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description NOT_FOUND */
        Error404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description METHOD_NOT_ALLOWED */
        Error405: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description NOT_ACCEPTABLE */
        Error406: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description REQUEST_TIMEOUT */
        Error408: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description CONFLICT, SETUP_REQUIRED, SLUG_TAKEN, NAME_TAKEN, SANDBOX_NOT_RUNNING, IN_USE, TASK_RUNNING, NOT_EMPTY, SNAPSHOT_NOT_READY, VERSION_NOT_READY, ALREADY_ACCEPTED, LAST_OWNER, IDEMPOTENCY_IN_PROGRESS */
        Error409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description GONE */
        Error410: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description PRECONDITION_FAILED */
        Error412: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description PAYLOAD_TOO_LARGE */
        Error413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description UNSUPPORTED_MEDIA_TYPE */
        Error415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description RANGE_NOT_SATISFIABLE */
        Error416: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description MISDIRECTED_REQUEST */
        Error421: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description VALIDATION_ERROR, IDEMPOTENCY_KEY_REUSED, OWNERSHIP_CONFLICT, IMMUTABLE_FIELD, EMAIL_MISMATCH */
        Error422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description RATE_LIMITED */
        Error429: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description INTERNAL */
        Error500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description UPSTREAM_UNREACHABLE */
        Error502: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description UNAVAILABLE */
        Error503: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description TIMEOUT */
        Error504: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description STORAGE_FULL */
        Error507: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
        IdempotencyKey: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "admin.apiKeys.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                tenant_id?: string;
                status?: "active" | "revoked" | "expired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description API keys of all organizations, newest first, without their plaintext */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.apiKeys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** Format: uuid */
                    tenant_id: string;
                    user_id?: string | null;
                    /**
                     * @default user
                     * @enum {unknown}
                     */
                    key_type?: "user" | "live" | "test" | "admin" | "platform";
                    /**
                     * @default api
                     * @enum {unknown}
                     */
                    purpose?: "api" | "optimal";
                    scopes?: string[] | null;
                    rate_limit_rpm?: number | null;
                    expires_at?: string | null;
                    allowed_ips?: string[] | null;
                };
            };
        };
        responses: {
            /** @description Create an API key of any type for any organization; the answer holds its plaintext, once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKeyWithSecret"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.apiKeys.bulkRevoke": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    key_ids: string[];
                };
            };
        };
        responses: {
            /** @description Revoke many API keys; each by itself */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BulkResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.apiKeys.stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many API keys there are, and how many are used */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminApiKeyStats"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.apiKeys.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoke any API key, for good and everywhere within a second */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.audit": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                api_key_id?: string;
                actor_id?: string;
                action?: string;
                resource_type?: string;
                resource_id?: string;
                outcome?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                since?: string;
                until?: string;
                tenant_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Audit log of all organizations, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AuditEntry"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.dashboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The installation in six numbers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminDashboard"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description State of this control plane and what it depends on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminHealth"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts over all organizations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminStats"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.tenants.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Organizations, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminTenant"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.tenants.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminTenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.tenants.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete an organization and destroy everything in it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.tenants.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    settings?: components["schemas"]["SettingsUpdateRequest"];
                };
            };
        };
        responses: {
            /** @description Change settings of an organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminTenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.tenants.plan": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    plan: "free" | "starter" | "pro" | "scale";
                };
            };
        };
        responses: {
            /** @description Set the plan of an organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminTenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.tenants.suspend": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    reason?: string | null;
                };
            };
        };
        responses: {
            /** @description Suspend an organization: credentials get 403, sandboxes pause, data is kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminTenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.tenants.unsuspend": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End the suspension of an organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminTenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                q?: string;
                status?: "active" | "suspended";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Users of all organizations, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminUser"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.bulk": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    user_ids: string[];
                    /** @enum {unknown} */
                    action: "suspend" | "unsuspend" | "delete";
                };
            };
        };
        responses: {
            /** @description Suspend, unsuspend or delete many users; each by itself */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BulkResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One user, with the organizations it belongs to */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminUser"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a user: memberships, sessions and keys end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    name?: string | null;
                    email?: string;
                };
            };
        };
        responses: {
            /** @description Change name or e-mail of a user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminUser"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.forceLogout": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End all sessions of a user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminUser"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.role": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    is_operator: boolean;
                };
            };
        };
        responses: {
            /** @description Make a user operator of the installation, or no longer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminUser"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.suspend": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    reason?: string | null;
                };
            };
        };
        responses: {
            /** @description Suspend a user: sessions and keys stop within a second */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminUser"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "admin.users.unsuspend": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End the suspension of a user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AdminUser"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "apiKeys.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                key_type?: "user" | "live" | "test" | "admin" | "platform";
                status?: "active" | "revoked" | "expired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description API keys, newest first, without their plaintext */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "apiKeys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /**
                     * @default user
                     * @enum {unknown}
                     */
                    key_type?: "user" | "live" | "test" | "admin" | "platform";
                    /**
                     * @default api
                     * @enum {unknown}
                     */
                    purpose?: "api" | "optimal";
                    scopes?: string[] | null;
                    workspace_id?: string | null;
                    allowed_ips?: string[] | null;
                    expires_at?: string | null;
                    rate_limit_rpm?: number | null;
                    monthly_budget_usd?: number | null;
                };
            };
        };
        responses: {
            /** @description Create an API key; the answer holds its plaintext, once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKeyWithSecret"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "apiKeys.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One API key, without its plaintext */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "apiKeys.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoke an API key, for good and everywhere within a second */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "apiKeys.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    name?: string;
                    scopes?: string[];
                    allowed_ips?: string[] | null;
                    rate_limit_rpm?: number;
                };
            };
        };
        responses: {
            /** @description Rename or narrow an API key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "apiKeys.rotate": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @default 0 */
                    grace_seconds?: number;
                };
            };
        };
        responses: {
            /** @description Replace a key by a successor with the same rights */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKeyWithSecret"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "audit.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                api_key_id?: string;
                actor_id?: string;
                action?: string;
                resource_type?: string;
                resource_id?: string;
                outcome?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Audit log, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AuditEntry"][];
                        next_cursor: string | null;
                    };
                    "text/csv": string;
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "audit.verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Is the audit log whole and unchanged? */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AuditVerdict"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.cli.approve": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    user_code: string;
                };
            };
        };
        responses: {
            /** @description Let the program that shows this code act for me in this organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Success"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.cli.start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    client_name?: string | null;
                };
            };
        };
        responses: {
            /** @description Begin the login of a program: show `user_code`, poll with `device_code` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeviceCodes"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.cli.token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    device_code: string;
                };
            };
        };
        responses: {
            /** @description The key of an approved login, once */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeviceToken"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description Log in with e-mail and password */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResult"];
                };
            };
            400: components["responses"]["Error400"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.logout": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    refresh_token?: string | null;
                };
            };
        };
        responses: {
            /** @description End the session */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Success"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who this credential is and what it may */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Me"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.me.update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    name?: string | null;
                };
            };
        };
        responses: {
            /** @description Change the own name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["User"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.password": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    current: string;
                    new: string;
                };
            };
        };
        responses: {
            /** @description Change the own password; all other sessions end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Success"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.password.forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                };
            };
        };
        responses: {
            /** @description Send a link for a new password */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Success"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.password.reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description Set a new password with the token of the link, once; all sessions end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Success"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    refresh_token: string;
                };
            };
        };
        responses: {
            /** @description Exchange a refresh token for new tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResult"];
                };
            };
            400: components["responses"]["Error400"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    password: string;
                    name?: string | null;
                    organization_name?: string | null;
                    invite_token?: string | null;
                };
            };
        };
        responses: {
            /** @description Make an account, with an organization or by an invite into one */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResult"];
                };
            };
            400: components["responses"]["Error400"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "auth.sseTicket": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SseTicketRequest"];
            };
        };
        responses: {
            /** @description Mint a single-use ticket for an event stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SseTicket"];
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "browserTokens.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BrowserTokenRequest"];
            };
        };
        responses: {
            /** @description Mint a short-lived token for a browser */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BrowserToken"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "bulk.sandboxes.destroy": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description Destroy up to 500 sandboxes in the background */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BulkAccepted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "bulk.sandboxes.pause": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description Pause up to 500 sandboxes in the background */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BulkAccepted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "bulk.sandboxes.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description Resume up to 500 sandboxes in the background */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BulkAccepted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "bulk.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How far a bulk operation is, and what failed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BulkOperation"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                state?: string;
                name?: string;
                slug?: string;
                tag?: string;
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List deployments, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeploymentCreateRequest"];
            };
        };
        responses: {
            /** @description Make a deployment: a durable address, and what is published there */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a deployment */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a deployment; its addresses lead nowhere at once */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeploymentUpdateRequest"];
            };
        };
        responses: {
            /** @description Change a deployment; build settings count from the next publish on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.builds.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the builds of a deployment, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentBuild"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.builds.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a build */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentBuild"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.builds.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cancel a build that waits or runs; what is live stays live */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentBuild"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.builds.logs": {
        parameters: {
            query?: {
                /** @description default 200 */
                lines?: number;
            };
            header?: never;
            path: {
                id: string;
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last lines of a build */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentBuildLine"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.builds.logs.stream": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lines of a build, as they come */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.env.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List environment variables of the next version */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentEnvVar"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.env.set": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeploymentEnvSetRequest"];
            };
        };
        responses: {
            /** @description Set environment variables: a new revision, for the next version or restart */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentEnvVar"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.env.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete an environment variable: a new revision */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.gitHook": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description A Git host tells of a push */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["GitHookResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.logs": {
        parameters: {
            query?: {
                /** @description default 200 */
                lines?: number;
                since?: string;
                instance_id?: string;
                stream?: "stdout" | "stderr";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last lines of its instances */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentLogLine"][];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.logs.stream": {
        parameters: {
            query?: {
                /** @description earlier ones first, of each instance; default 200 */
                lines?: number;
                instance_id?: string;
                stream?: "stdout" | "stderr";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lines of its instances, as they come, of later ones too */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.metrics": {
        parameters: {
            query?: {
                window?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Requests, latency, traffic, processor and memory over a window of time */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentMetrics"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.publish": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeploymentPublishRequest"];
            };
        };
        responses: {
            /** @description Publish a sandbox or a snapshot as the next version */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["PublishResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "deployments.redeploy": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeploymentRedeployRequest"];
            };
        };
        responses: {
            /** @description Build the live version’s source again and publish it */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["PublishResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "deployments.releases.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the releases of a deployment, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentRelease"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.releases.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                release_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a release */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentRelease"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.restart": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Start new instances with the environment as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.rollback": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeploymentRollbackRequest"];
            };
        };
        responses: {
            /** @description Go back to the version that was live before, or to the one named */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.runtimeInstances.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                state?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the instances of a deployment, newest first, ended ones too */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentInstance"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.runtimeInstances.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get an instance */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentInstance"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.runtimeInstances.logs": {
        parameters: {
            query?: {
                /** @description default 200 */
                lines?: number;
            };
            header?: never;
            path: {
                id: string;
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last lines of an instance; of an ended one those it ended with */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentLogLine"][];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.start": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Let visitors in again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.stop": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Stop serving; versions and addresses are kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.uploads.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeploymentUploadRequest"];
            };
        };
        responses: {
            /** @description List the files of a publish to come; the answer says which contents to send */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentUpload"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.uploads.putMany": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Send many contents of an upload; repeating it is fine */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentBlobs"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "deployments.uploads.put": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                upload_id: string;
                sha256: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Send one content of an upload; repeating it is fine */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentBlob"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "deployments.versions.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                state?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the versions of a deployment, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentVersion"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.versions.create": {
        parameters: {
            query?: {
                kind?: "auto" | "static" | "dynamic";
                environment?: "production";
                /** @description folder with the finished site; relative to /workspace or absolute */
                output_path?: string;
                /** @description file that must be there; default index.html */
                entrypoint?: string;
                build_command?: string;
                run_command?: string;
                port?: number;
                health_check_path?: string;
                /** @description default true; false leaves it at its staged address */
                promote?: boolean;
                /** @description default true */
                wait?: boolean;
                wait_seconds?: number;
            };
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeploymentVersionCreateRequest"];
                "application/gzip": string;
                "application/x-gzip": string;
                "application/x-tar+gzip": string;
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Publish an upload, or the files of a tar.gz, as the next version */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["PublishResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "deployments.versions.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                version_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a version */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentVersion"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.versions.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
                version_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Put a version aside; it can still be promoted while its files are kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeploymentVersion"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "deployments.versions.promote": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
                version_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Make a version live, without building it again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deployment"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "events.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                /** @description Types or families, separated by commas: `sandbox.*,workspace.created` */
                types?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What happened in the last 30 days, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Event"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "events.stream": {
        parameters: {
            query?: {
                /** @description Types or families, separated by commas: `sandbox.*,workspace.created` */
                types?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What happens, as it happens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "invites.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What an invite is for and whether it still holds */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["InviteView"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "invites.accept": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accept an invite that was sent to the own address */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["InviteAccepted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "platform.tenants.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Organizations the caller belongs to; for a key, its one */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Tenant"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "platform.tenants.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                };
            };
        };
        responses: {
            /** @description Make another organization; the caller owns it */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Tenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "platform.tenants.current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organization of the credential, and whether it still needs its permanent identity */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Tenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "platform.tenants.switch": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tokens for another organization of the caller */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Switched"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "projects.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                workspace_id?: string;
                external_workspace_id?: string;
                external_project_id?: string;
                name?: string;
                slug?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Projects, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Project"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "projects.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    slug?: string | null;
                    description?: string | null;
                    metadata?: Record<string, unknown> | null;
                    settings?: components["schemas"]["OwnerSettings"] | null;
                    workspace_id?: string | null;
                    workspace_slug?: string | null;
                    external_workspace_id?: string | null;
                    external_project_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Create a project in a workspace */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Project"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "projects.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One project */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Project"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "projects.delete": {
        parameters: {
            query?: {
                force?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a project; with force, everything inside is destroyed first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "projects.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    name?: string;
                    description?: string | null;
                    metadata?: Record<string, unknown> | null;
                    settings?: {
                        default_region?: string | null;
                        default_sandbox_size?: ("xs" | "small" | "medium" | "large" | "xl") | null;
                        idle_timeout_sec?: number | null;
                        network_policy?: components["schemas"]["NetworkPolicy"] | null;
                        markup_percent?: number | null;
                    } | null;
                    external_project_id?: string | null;
                    primary_deployment_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Change a project; its slug and workspace stay */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Project"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                state?: string;
                name?: string;
                slug?: string;
                tag?: string;
                template_id?: string;
                /** @description JSON object: has these keys with these values */
                metadata?: string;
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List sandboxes, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SandboxCreateRequest"];
            };
        };
        responses: {
            /** @description Create a sandbox */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.run": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SandboxRunRequest"];
            };
        };
        responses: {
            /** @description Create a sandbox and run a command in it */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SandboxRun"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a sandbox; a destroyed one stays readable with its ended_reason */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.destroy": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Destroy a sandbox, from any state */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SandboxUpdateRequest"];
            };
        };
        responses: {
            /** @description Change a sandbox; its size also while it runs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.deploy": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SandboxDeployRequest"];
            };
        };
        responses: {
            /** @description Publish this sandbox; the deployment of that name in its project is made when there is none */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["PublishResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.env.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List environment variables */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["EnvVar"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.env.set": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnvSetRequest"];
            };
        };
        responses: {
            /** @description Set environment variables; new processes see them at once */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["EnvVar"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.env.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete an environment variable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.events": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What happens to a sandbox, as it happens; ends with sandbox.destroyed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.exec": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecRequest"];
            };
        };
        responses: {
            /** @description Run a command and wait for its end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ExecResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.exec.stream": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecStreamRequest"];
            };
        };
        responses: {
            /** @description Run a command and stream its output */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.expose": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExposeRequest"];
            };
        };
        responses: {
            /** @description Give a port a public (or private) preview */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Preview"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.extend": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SandboxExtendRequest"];
            };
        };
        responses: {
            /** @description Move the deadline of the running window */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.files.list": {
        parameters: {
            query?: {
                /** @description absolute, or relative to /workspace */
                path?: string;
                depth?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List a folder */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.files.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FileCreateRequest"];
            };
        };
        responses: {
            /** @description Write a file from base64 */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.archive.get": {
        parameters: {
            query?: {
                /** @description absolute, or relative to /workspace */
                path?: string;
                exclude?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A folder as tar.gz */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.files.archive.set": {
        parameters: {
            query?: {
                /** @description absolute, or relative to /workspace */
                path?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Unpack a tar or tar.gz */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ArchiveImport"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.chmod": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChmodRequest"];
            };
        };
        responses: {
            /** @description Change the mode */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.read": {
        parameters: {
            query: {
                /** @description absolute, or relative to /workspace */
                path: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Read a file; HEAD, Range and If-None-Match work */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            416: components["responses"]["Error416"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.files.write": {
        parameters: {
            query: {
                /** @description absolute, or relative to /workspace */
                path: string;
                mode?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Write a file from the raw body */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            412: components["responses"]["Error412"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.delete": {
        parameters: {
            query: {
                /** @description absolute, or relative to /workspace */
                path: string;
                recursive?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a file or folder */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.files.copy": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CopyRequest"];
            };
        };
        responses: {
            /** @description Copy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.mkdir": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MkdirRequest"];
            };
        };
        responses: {
            /** @description Make a folder */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.rename": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameRequest"];
            };
        };
        responses: {
            /** @description Rename or move */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.stat": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description absolute, or relative to /workspace */
                    path: string;
                };
            };
        };
        responses: {
            /** @description Facts of a file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.files.tree": {
        parameters: {
            query?: {
                /** @description absolute, or relative to /workspace */
                path?: string;
                depth?: number;
                show_hidden?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A folder as a tree */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["FileTree"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.files.watch": {
        parameters: {
            query?: {
                /** @description absolute, or relative to /workspace */
                path?: string;
                recursive?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Follow the changes below a folder */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.files.writeMany": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WriteManyRequest"];
            };
        };
        responses: {
            /** @description Write many files, each atomically */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["WriteManyResult"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.files.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description The rest of the path, slashes included. */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Read a file named in the path */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            416: components["responses"]["Error416"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.fork": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SandboxForkRequest"];
            };
        };
        responses: {
            /** @description A new sandbox with the files of this one */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.logs": {
        parameters: {
            query?: {
                lines?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last lines of its processes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["LogLine"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.logs.stream": {
        parameters: {
            query?: {
                /** @description earlier ones first, default 200 */
                lines?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lines of its processes, as they come */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.metrics": {
        parameters: {
            query?: {
                window?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Processor, memory, disk and network over a window of time */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SandboxMetrics"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.networkPolicy.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the sandbox may reach */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["NetworkPolicy"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.networkPolicy.set": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NetworkPolicy"];
            };
        };
        responses: {
            /** @description Set what the sandbox may reach; in force when it answers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["NetworkPolicy"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.networkPolicy.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Remove the policy of the sandbox; those above it stay */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.networkPolicy.blocked": {
        parameters: {
            query?: {
                since?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was stopped, newest first; kept for about an hour */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BlockedTraffic"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.pause": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Pause a sandbox; its files are kept, its memory where `resume_keeps` says so */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.ports.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ports that listen now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Port"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.previewToken": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PreviewTokenRequest"];
            };
        };
        responses: {
            /** @description Mint a short-lived preview token for a browser */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["PreviewToken"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.previews.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List previews */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Preview"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.previews.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                preview_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a preview */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Preview"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.previews.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                preview_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Make the port private again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.previews.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                preview_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PreviewUpdateRequest"];
            };
        };
        responses: {
            /** @description Change a preview */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Preview"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.processes.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List processes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Process"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.processes.start": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProcessStartRequest"];
            };
        };
        responses: {
            /** @description Start a background process */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Process"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.processes.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                pid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a process */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Process"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.processes.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                pid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End a process and remove its record */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.processes.logs": {
        parameters: {
            query?: {
                /** @description lines, default 200 */
                tail?: number;
            };
            header?: never;
            path: {
                id: string;
                pid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last output of a process */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ProcessLogs"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.processes.signal": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
                pid: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProcessSignalRequest"];
            };
        };
        responses: {
            /** @description Send a signal to the process group */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Success"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.processes.stdin": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
                pid: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ProcessStdinRequest"];
            };
        };
        responses: {
            /** @description Write to the standard input of a process */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Success"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.processes.stream": {
        parameters: {
            query?: {
                offset?: number;
            };
            header?: never;
            path: {
                id: string;
                pid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Follow the output of a process from a byte offset */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.readiness": {
        parameters: {
            query?: {
                wait_seconds?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether commands run now and the readiness probe has passed (long poll) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SandboxReadiness"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.restore": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
                snapshot_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SandboxRestoreRequest"];
            };
        };
        responses: {
            /** @description A new sandbox with the files of a snapshot, or the same one with them (`in_place`) */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SandboxResumeRequest"];
            };
        };
        responses: {
            /** @description Resume a paused sandbox; no-op when running */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Sandbox"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.shares.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List active share links */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Share"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.shares.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ShareRequest"];
            };
        };
        responses: {
            /** @description Make a share link anyone may open */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Share"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.shares.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                share: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoke a share link by its id or token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.snapshots.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                state?: string;
                name?: string;
                slug?: string;
                tag?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List snapshots, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Snapshot"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.snapshots.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SnapshotCreateRequest"];
            };
        };
        responses: {
            /** @description Keep the files of a sandbox as they are now */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Snapshot"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            507: components["responses"]["Error507"];
        };
    };
    "sandboxes.snapshots.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                snapshot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a snapshot */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Snapshot"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.snapshots.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                snapshot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a snapshot; sandboxes made from it keep their files */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "sandboxes.terminal.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List open terminals */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Terminal"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.terminal.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TerminalRequest"];
            };
        };
        responses: {
            /** @description Open a terminal, or connect to an open one */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["OpenedTerminal"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.terminal.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                terminal_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description End a terminal and all that runs in it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.terminal.connect": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                terminal_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A WebSocket. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.tunnel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                port: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A WebSocket. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            410: components["responses"]["Error410"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            502: components["responses"]["Error502"];
            503: components["responses"]["Error503"];
            504: components["responses"]["Error504"];
        };
    };
    "sandboxes.usage": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the sandbox has used */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SandboxUsage"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "settings.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Settings of the organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Settings"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "settings.update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SettingsUpdateRequest"];
            };
        };
        responses: {
            /** @description Change settings of the organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Settings"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                workspace_id?: string;
                project_id?: string;
                external_workspace_id?: string;
                external_user_id?: string;
                external_project_id?: string;
                state?: string;
                name?: string;
                slug?: string;
                tag?: string;
                product?: "sandbox" | "computer";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What sandboxes can be made from */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TemplateCreateRequest"];
            };
        };
        responses: {
            /** @description Make a template; its first build is queued */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.buildSpec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The JSON Schema of build_spec */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            [key: string]: unknown;
                        };
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.validate": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TemplateValidateRequest"];
            };
        };
        responses: {
            /** @description What is wrong with a build_spec, without building it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TemplateValidation"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a template */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a template; sandboxes made from it keep their files */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TemplateUpdateRequest"];
            };
        };
        responses: {
            /** @description Change a template; a new build_spec is that of the next build */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.builds.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List the builds of a template, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TemplateBuild"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.builds.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Build a template again */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TemplateBuild"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.builds.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Get a build */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TemplateBuild"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.builds.logs": {
        parameters: {
            query?: {
                lines?: number;
            };
            header?: never;
            path: {
                id: string;
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last lines of a build */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["LogLine"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "templates.builds.logs.stream": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lines of a build, as they come */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenant.plan.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Plan of the organization: its limits, and what it uses */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Plan"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.set": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    slug?: string;
                };
            };
        };
        responses: {
            /** @description Give the organization its permanent name and slug, once */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Tenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.delete": {
        parameters: {
            query: {
                /** @description Slug of the organization */
                confirm: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete the organization and everything in it; its slug is never given again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.invites.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Invites to the organization that are not revoked, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Invite"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.invites.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    /**
                     * @default member
                     * @enum {unknown}
                     */
                    role?: "viewer" | "member" | "admin" | "owner";
                };
            };
        };
        responses: {
            /** @description Invite somebody to the organization by e-mail; the answer holds the link, once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["InviteCreated"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.invites.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                invite_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoke an invite to the organization */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.members.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Members of the organization, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Member"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.members.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    user_id: string;
                    /**
                     * @default member
                     * @enum {unknown}
                     */
                    role?: "viewer" | "member" | "admin" | "owner";
                };
            };
        };
        responses: {
            /** @description Add a user whom the caller knows from another organization; everybody else is invited */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Member"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.members.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Remove a member, or leave; keys and sessions of the user here end within a second */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.members.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    role: "viewer" | "member" | "admin" | "owner";
                };
            };
        };
        responses: {
            /** @description Change the role of a member, at most to the own one */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Member"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "tenants.transferOwnership": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    user_id: string;
                };
            };
        };
        responses: {
            /** @description Make another member the owner and step down to admin */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Tenant"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
                name?: string;
                slug?: string;
                external_workspace_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Workspaces, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Workspace"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    slug?: string | null;
                    description?: string | null;
                    metadata?: Record<string, unknown> | null;
                    settings?: components["schemas"]["OwnerSettings"] | null;
                    external_workspace_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Create a workspace for a downstream customer */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Workspace"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One workspace */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Workspace"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.delete": {
        parameters: {
            query?: {
                force?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Delete a workspace; with force, everything inside is destroyed first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    name?: string;
                    description?: string | null;
                    metadata?: Record<string, unknown> | null;
                    settings?: {
                        default_region?: string | null;
                        default_sandbox_size?: ("xs" | "small" | "medium" | "large" | "xl") | null;
                        idle_timeout_sec?: number | null;
                        network_policy?: components["schemas"]["NetworkPolicy"] | null;
                        markup_percent?: number | null;
                    } | null;
                    external_workspace_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Change a workspace; its slug stays */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Workspace"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.invites.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Invites to the workspace that are not revoked, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Invite"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.invites.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    /**
                     * @default member
                     * @enum {unknown}
                     */
                    role?: "viewer" | "member" | "admin" | "owner";
                };
            };
        };
        responses: {
            /** @description Invite somebody to the workspace by e-mail; the answer holds the link, once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["InviteCreated"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.invites.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                invite_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoke an invite to the workspace */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.members.list": {
        parameters: {
            query?: {
                /** @description Most objects in one answer. */
                limit?: number;
                /** @description `next_cursor` of the previous answer, with the same filters; valid 24 hours. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Users who were added to the workspace, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Member"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.members.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeating the call with the same key and body within 24 hours returns the first answer. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    user_id: string;
                    /**
                     * @default member
                     * @enum {unknown}
                     */
                    role?: "viewer" | "member" | "admin" | "owner";
                };
            };
        };
        responses: {
            /** @description Add a member of the organization to the workspace */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Member"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            409: components["responses"]["Error409"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.members.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Remove somebody from the workspace, or leave it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Deleted"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.members.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    role: "viewer" | "member" | "admin" | "owner";
                };
            };
        };
        responses: {
            /** @description Change the role in the workspace, at most to the own one */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Member"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.settings.set": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OwnerSettings"];
            };
        };
        responses: {
            /** @description Replace the settings of a workspace */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Workspace"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            413: components["responses"]["Error413"];
            415: components["responses"]["Error415"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
    "workspaces.stats": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What a workspace contains and uses now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["WorkspaceStats"];
                    };
                };
            };
            400: components["responses"]["Error400"];
            401: components["responses"]["Error401"];
            403: components["responses"]["Error403"];
            404: components["responses"]["Error404"];
            422: components["responses"]["Error422"];
            429: components["responses"]["Error429"];
            500: components["responses"]["Error500"];
            503: components["responses"]["Error503"];
        };
    };
}
