/* eslint-disable */
import * as types from './graphql.js';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query ListAudit($filter: AuditFilterInput, $first: Int!, $after: String) {\n    auditEntries(filter: $filter, first: $first, after: $after) {\n      nodes {\n        sequence\n        at\n        action\n        actorKind\n        actorId\n        actorPerson {\n          id\n          email\n          displayName\n        }\n        targetKind\n        targetId\n        detail\n        intentDigest\n        previousHash\n        hash\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListAuditDocument,
    "\n  query VerifyAudit {\n    verifyAudit {\n      intact\n      checkedEntries\n      baseSequence\n      headSequence\n      headHash\n      anchorCount\n      lastAnchoredSequence\n      unreadableAnchors\n      problem {\n        kind\n        sequence\n        message\n      }\n    }\n  }\n": typeof types.VerifyAuditDocument,
    "\n  mutation RunCommand($input: RunCommandInput!) {\n    runCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        serverId\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.RunCommandDocument,
    "\n  mutation RerunCommand($input: RerunCommandInput!) {\n    rerunCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        serverId\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.RerunCommandDocument,
    "\n  mutation CancelCommand($input: CancelCommandInput!) {\n    cancelCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        cancelRequestedAt\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.CancelCommandDocument,
    "\n  query ShowCommand($id: ID!) {\n    command(id: $id) {\n      id\n      serverId\n      runId\n      state\n      outcome\n      exitCode\n      signal\n      reason\n      createdAt\n      deliveredAt\n      startedAt\n      finishedAt\n      expiresAt\n      durationMs\n      timeoutMs\n      cancelRequestedAt\n      unreachableSince\n      priority\n      concurrency\n      idempotent\n      rerunOfId\n      stdoutBytes\n      stderrBytes\n      actor {\n        kind\n        id\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      program {\n        argv\n        script\n        interpreter\n        user\n        workingDirectory\n        environmentNames\n        hasStdin\n      }\n      lateResult {\n        state\n        exitCode\n        reason\n        at\n      }\n    }\n  }\n": typeof types.ShowCommandDocument,
    "\n  query CommandHistory($filter: CommandFilterInput, $first: Int!, $after: String) {\n    commandHistory(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        serverId\n        runId\n        state\n        exitCode\n        signal\n        reason\n        createdAt\n        durationMs\n        stdoutBytes\n        stderrBytes\n        program {\n          argv\n          script\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.CommandHistoryDocument,
    "\n  subscription CommandOutput($commandId: ID!, $afterSeq: SafeInt) {\n    commandOutput(commandId: $commandId, afterSeq: $afterSeq) {\n      seq\n      stream\n      data\n      missingBytes\n      end\n    }\n  }\n": typeof types.CommandOutputDocument,
    "\n  query CommandIds($first: Int!, $after: String) {\n    commandHistory(first: $first, after: $after) {\n      nodes {\n        id\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.CommandIdsDocument,
    "\n  query LatestMetrics($filter: LatestMetricsFilterInput, $first: Int!, $after: String) {\n    metricsLatest(filter: $filter, first: $first, after: $after) {\n      nodes {\n        serverId\n        sample {\n          at\n          cpuPct\n          load1\n          load5\n          load15\n          iowaitPct\n          stealPct\n          memUsedMib\n          memAvailableMib\n          swapUsedMib\n          diskUsedMib\n          inodesUsedPct\n          diskReadKibs\n          diskWriteKibs\n          netRxKibs\n          netTxKibs\n          psiCpuPct\n          psiIoPct\n          psiMemoryPct\n          processCount\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.LatestMetricsDocument,
    "\n  query MetricsHistory($input: MetricsHistoryInput!) {\n    metricsHistory(input: $input) {\n      stepSeconds\n      tierSeconds\n      times\n      series {\n        serverId\n        figure\n        avg\n        max\n      }\n    }\n  }\n": typeof types.MetricsHistoryDocument,
    "\n  subscription WatchMetrics($serverIds: [ID!]!) {\n    metricsSampled(serverIds: $serverIds) {\n      seq\n      serverId\n      gap\n      sample {\n        at\n        cpuPct\n        load1\n        memUsedMib\n        memAvailableMib\n        diskUsedMib\n        netRxKibs\n        netTxKibs\n      }\n    }\n  }\n": typeof types.WatchMetricsDocument,
    "\n  query SetupState {\n    setup {\n      completed\n    }\n  }\n": typeof types.SetupStateDocument,
    "\n  mutation CheckSetupCode($input: CheckSetupCodeInput!) {\n    checkSetupCode(input: $input) {\n      __typename\n      ... on SetupRefused {\n        completed\n        code\n        message\n      }\n    }\n  }\n": typeof types.CheckSetupCodeDocument,
    "\n  mutation CompleteSetup($input: CompleteSetupInput!) {\n    completeSetup(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      ... on SetupRefused {\n        completed\n        code\n        message\n      }\n    }\n  }\n": typeof types.CompleteSetupDocument,
    "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.SignInDocument,
    "\n  mutation StepUp($input: StepUpInput!) {\n    stepUp(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.StepUpDocument,
    "\n  mutation SignOut {\n    signOut {\n      ... on SignedOut {\n        sessionsEnded\n      }\n    }\n  }\n": typeof types.SignOutDocument,
    "\n  mutation SignOutEverywhere {\n    signOutEverywhere {\n      ... on SignedOut {\n        sessionsEnded\n      }\n    }\n  }\n": typeof types.SignOutEverywhereDocument,
    "\n  query WhoAmI {\n    caller {\n      kind\n      role\n      scopes\n      person {\n        id\n        email\n        displayName\n      }\n      workspace {\n        id\n        name\n      }\n    }\n  }\n": typeof types.WhoAmIDocument,
    "\n  mutation ChangePassword($input: ChangePasswordInput!) {\n    changePassword(input: $input) {\n      ... on PasswordChanged {\n        sessionsEnded\n      }\n    }\n  }\n": typeof types.ChangePasswordDocument,
    "\n  mutation StartTotp {\n    startTotp {\n      __typename\n      ... on TotpStarted {\n        secret\n        otpauthUri\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.StartTotpDocument,
    "\n  mutation ConfirmTotp($input: ConfirmTotpInput!) {\n    confirmTotp(input: $input) {\n      __typename\n      ... on TotpConfirmed {\n        recoveryCodes\n        sessionsEnded\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.ConfirmTotpDocument,
    "\n  mutation DisableTotp {\n    disableTotp {\n      __typename\n      ... on TotpDisabled {\n        sessionsEnded\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.DisableTotpDocument,
    "\n  query ListSessions($first: Int!, $after: String) {\n    sessions(first: $first, after: $after) {\n      nodes {\n        id\n        client\n        userAgent\n        address\n        createdAt\n        lastUsedAt\n        expiresAt\n        secondFactor\n        isCurrent\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListSessionsDocument,
    "\n  mutation RevokeSession($input: RevokeSessionInput!) {\n    revokeSession(input: $input) {\n      ... on SessionRevoked {\n        id\n      }\n    }\n  }\n": typeof types.RevokeSessionDocument,
    "\n  mutation StartRun($input: RunOnServersInput!) {\n    runOnServers(input: $input) {\n      __typename\n      ... on Run {\n        id\n        serverCount\n        skippedServerIds\n      }\n      ... on NoTargets {\n        offlineCount\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.StartRunDocument,
    "\n  query PreviewRun($target: TargetInput!) {\n    runPreview(target: $target) {\n      serverCount\n      offlineCount\n      notReadyCount\n      servers {\n        id\n        name\n      }\n      offline {\n        id\n        name\n      }\n      notReady {\n        id\n        name\n      }\n    }\n  }\n": typeof types.PreviewRunDocument,
    "\n  query ShowRun($id: ID!) {\n    run(id: $id) {\n      id\n      state\n      stopReason\n      serverCount\n      skippedServerIds\n      batchSize\n      batchPauseMs\n      maxFailures\n      createdAt\n      finishedAt\n      actor {\n        kind\n        id\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      progress {\n        state\n        count\n      }\n    }\n  }\n": typeof types.ShowRunDocument,
    "\n  query ListRuns($first: Int!, $after: String) {\n    runHistory(first: $first, after: $after) {\n      nodes {\n        id\n        state\n        stopReason\n        serverCount\n        createdAt\n        finishedAt\n        progress {\n          state\n          count\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListRunsDocument,
    "\n  mutation StopRun($input: StopRunInput!) {\n    stopRun(input: $input) {\n      __typename\n      ... on Run {\n        id\n        state\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.StopRunDocument,
    "\n  subscription RunChanged($runIds: [ID!]!, $afterSeq: SafeInt) {\n    runChanged(runIds: $runIds, afterSeq: $afterSeq) {\n      seq\n      run {\n        id\n        state\n      }\n    }\n  }\n": typeof types.RunChangedDocument,
    "\n  query RunIds($first: Int!, $after: String) {\n    runHistory(first: $first, after: $after) {\n      nodes {\n        id\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.RunIdsDocument,
    "\n  query ListGroups($first: Int!, $after: String) {\n    serverGroups(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        colour\n        parentId\n        serverCount\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListGroupsDocument,
    "\n  mutation CreateGroup($input: CreateServerGroupInput!) {\n    createServerGroup(input: $input) {\n      __typename\n      ... on ServerGroup {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.CreateGroupDocument,
    "\n  mutation UpdateGroup($input: UpdateServerGroupInput!) {\n    updateServerGroup(input: $input) {\n      __typename\n      ... on ServerGroup {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.UpdateGroupDocument,
    "\n  mutation DeleteGroup($input: DeleteServerGroupInput!) {\n    deleteServerGroup(input: $input) {\n      __typename\n      ... on ServerGroupDeleted {\n        id\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.DeleteGroupDocument,
    "\n  query ListServers($filter: ServerFilterInput, $orderBy: ServerOrder!, $first: Int!, $after: String) {\n    servers(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      nodes {\n        id\n        name\n        state\n        stateReason\n        connected\n        lastSeenAt\n        latencyMs\n        tags\n        automaticTags\n        agentVersion\n        integrityAlert {\n          raisedAt\n          reason\n          commandId\n          count\n        }\n        group {\n          id\n          name\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListServersDocument,
    "\n  query ServerNames($filter: ServerFilterInput, $first: Int!, $after: String) {\n    servers(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        name\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ServerNamesDocument,
    "\n  query ShowServer($id: ID!) {\n    server(id: $id) {\n      id\n      name\n      description\n      state\n      stateReason\n      connected\n      connectedAt\n      lastSeenAt\n      latencyMs\n      disconnectReason\n      duplicateIdentity\n      queueHeld\n      integrityAlert {\n        raisedAt\n        reason\n        commandId\n        count\n      }\n      tags\n      automaticTags\n      profile\n      scopes\n      protected\n      maintenance\n      concurrency\n      agentVersion\n      protocolVersion\n      createdAt\n      enrolledAt\n      group {\n        id\n        name\n      }\n      healthChecks {\n        name\n        ok\n        message\n      }\n      facts {\n        hostname\n        addresses\n        osName\n        osVersion\n        kernel\n        architecture\n        virtualisation\n        cpuModel\n        cpuCount\n        memoryMib\n        swapMib\n        diskMib\n        bootedAt\n        systemd\n        agentUser\n        reportedAt\n      }\n      connections(first: 5) {\n        nodes {\n          id\n          address\n          agentVersion\n          connectedAt\n          disconnectedAt\n          disconnectReason\n        }\n      }\n    }\n  }\n": typeof types.ShowServerDocument,
    "\n  subscription WatchServers($afterSeq: SafeInt, $serverIds: [ID!]) {\n    serverChanged(afterSeq: $afterSeq, serverIds: $serverIds) {\n      seq\n      serverId\n      server {\n        id\n        name\n        state\n        stateReason\n        connected\n        lastSeenAt\n        latencyMs\n        integrityAlert {\n          raisedAt\n          reason\n          commandId\n          count\n        }\n      }\n    }\n  }\n": typeof types.WatchServersDocument,
    "\n  mutation CreateServer($input: CreateServerInput!) {\n    createServer(input: $input) {\n      __typename\n      ... on ServerEnrolment {\n        server {\n          id\n          name\n          profile\n          scopes\n        }\n        enrolment {\n          command\n          installCommand\n          installCommandWithWget\n          token\n          rootFingerprint\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.CreateServerDocument,
    "\n  mutation ReenrolServer($input: ReenrolServerInput!) {\n    reenrolServer(input: $input) {\n      __typename\n      ... on ServerEnrolment {\n        server {\n          id\n          name\n          profile\n          scopes\n        }\n        enrolment {\n          command\n          installCommand\n          installCommandWithWget\n          token\n          rootFingerprint\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.ReenrolServerDocument,
    "\n  mutation UpdateServer($input: UpdateServerInput!) {\n    updateServer(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n        description\n        profile\n        scopes\n        protected\n        concurrency\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.UpdateServerDocument,
    "\n  mutation ChangeTagsOnServers($input: ChangeTagsOnServersInput!) {\n    changeTagsOnServers(input: $input) {\n      ... on ServerOutcomes {\n        outcomes {\n          serverId\n          problem\n          server {\n            id\n            name\n            tags\n            automaticTags\n          }\n        }\n      }\n    }\n  }\n": typeof types.ChangeTagsOnServersDocument,
    "\n  mutation MoveServersToGroup($input: MoveServersToGroupInput!) {\n    moveServersToGroup(input: $input) {\n      __typename\n      ... on ServerOutcomes {\n        outcomes {\n          serverId\n          problem\n          server {\n            id\n            name\n            group {\n              id\n              name\n            }\n          }\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.MoveServersToGroupDocument,
    "\n  mutation SetServerMaintenance($input: SetServerMaintenanceInput!) {\n    setServerMaintenance(input: $input) {\n      ... on Server {\n        id\n        name\n        maintenance\n        state\n        stateReason\n      }\n    }\n  }\n": typeof types.SetServerMaintenanceDocument,
    "\n  mutation RevokeServer($input: RevokeServerInput!) {\n    revokeServer(input: $input) {\n      ... on Server {\n        id\n        name\n        state\n      }\n    }\n  }\n": typeof types.RevokeServerDocument,
    "\n  mutation RotateServerKey($input: RotateServerKeyInput!) {\n    rotateServerKey(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n        connected\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.RotateServerKeyDocument,
    "\n  mutation DeleteServer($input: DeleteServerInput!) {\n    deleteServer(input: $input) {\n      __typename\n      ... on ServerDeleted {\n        id\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.DeleteServerDocument,
    "\n  mutation AcknowledgeIntegrityAlert($input: AcknowledgeIntegrityAlertInput!) {\n    acknowledgeIntegrityAlert(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.AcknowledgeIntegrityAlertDocument,
    "\n  query NewestChange {\n    newestChange\n  }\n": typeof types.NewestChangeDocument,
    "\n  query ServerStates($filter: ServerFilterInput, $first: Int!, $after: String) {\n    servers(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        name\n        state\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ServerStatesDocument,
    "\n  query ListTokens($first: Int!, $after: String) {\n    apiTokens(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        hint\n        scopes\n        createdAt\n        expiresAt\n        lastUsedAt\n        person {\n          id\n          email\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListTokensDocument,
    "\n  mutation CreateToken($input: CreateApiTokenInput!) {\n    createApiToken(input: $input) {\n      __typename\n      ... on ApiTokenCreated {\n        token\n        apiToken {\n          id\n          name\n          scopes\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.CreateTokenDocument,
    "\n  mutation RevokeToken($input: RevokeApiTokenInput!) {\n    revokeApiToken(input: $input) {\n      ... on ApiTokenRevoked {\n        id\n      }\n    }\n  }\n": typeof types.RevokeTokenDocument,
    "\n  query ListWorkspaces($first: Int!, $after: String) {\n    workspaces(first: $first, after: $after) {\n      nodes {\n        role\n        joinedAt\n        workspace {\n          id\n          name\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListWorkspacesDocument,
    "\n  mutation CreateWorkspace($input: CreateWorkspaceInput!) {\n    createWorkspace(input: $input) {\n      __typename\n      ... on Workspace {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.CreateWorkspaceDocument,
    "\n  mutation RenameWorkspace($input: RenameWorkspaceInput!) {\n    renameWorkspace(input: $input) {\n      ... on Workspace {\n        id\n        name\n      }\n    }\n  }\n": typeof types.RenameWorkspaceDocument,
    "\n  query ListMembers($first: Int!, $after: String) {\n    members(first: $first, after: $after) {\n      nodes {\n        role\n        joinedAt\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListMembersDocument,
    "\n  mutation InviteMember($input: InviteMemberInput!) {\n    inviteMember(input: $input) {\n      __typename\n      ... on MemberInvited {\n        code\n        invitation {\n          id\n          email\n          role\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.InviteMemberDocument,
    "\n  mutation ChangeMemberRole($input: ChangeMemberRoleInput!) {\n    changeMemberRole(input: $input) {\n      __typename\n      ... on Member {\n        role\n        person {\n          id\n          email\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.ChangeMemberRoleDocument,
    "\n  mutation RemoveMember($input: RemoveMemberInput!) {\n    removeMember(input: $input) {\n      __typename\n      ... on MemberRemoved {\n        person {\n          id\n          email\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.RemoveMemberDocument,
    "\n  query ListInvitations($first: Int!, $after: String) {\n    invitations(first: $first, after: $after) {\n      nodes {\n        id\n        email\n        role\n        createdAt\n        expiresAt\n        invitedBy {\n          email\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.ListInvitationsDocument,
    "\n  mutation RevokeInvitation($input: RevokeInvitationInput!) {\n    revokeInvitation(input: $input) {\n      ... on InvitationRevoked {\n        id\n      }\n    }\n  }\n": typeof types.RevokeInvitationDocument,
    "\n  query ShowInvitation($code: String!) {\n    invitationOffer(code: $code) {\n      email\n      role\n      workspaceName\n      inviterName\n      expiresAt\n      hasAccount\n    }\n  }\n": typeof types.ShowInvitationDocument,
    "\n  mutation AcceptInvitation($input: AcceptInvitationInput!) {\n    acceptInvitation(input: $input) {\n      __typename\n      ... on InvitationAccepted {\n        workspace {\n          id\n          name\n        }\n        signedIn {\n          token\n          person {\n            id\n            email\n          }\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": typeof types.AcceptInvitationDocument,
};
const documents: Documents = {
    "\n  query ListAudit($filter: AuditFilterInput, $first: Int!, $after: String) {\n    auditEntries(filter: $filter, first: $first, after: $after) {\n      nodes {\n        sequence\n        at\n        action\n        actorKind\n        actorId\n        actorPerson {\n          id\n          email\n          displayName\n        }\n        targetKind\n        targetId\n        detail\n        intentDigest\n        previousHash\n        hash\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListAuditDocument,
    "\n  query VerifyAudit {\n    verifyAudit {\n      intact\n      checkedEntries\n      baseSequence\n      headSequence\n      headHash\n      anchorCount\n      lastAnchoredSequence\n      unreadableAnchors\n      problem {\n        kind\n        sequence\n        message\n      }\n    }\n  }\n": types.VerifyAuditDocument,
    "\n  mutation RunCommand($input: RunCommandInput!) {\n    runCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        serverId\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.RunCommandDocument,
    "\n  mutation RerunCommand($input: RerunCommandInput!) {\n    rerunCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        serverId\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.RerunCommandDocument,
    "\n  mutation CancelCommand($input: CancelCommandInput!) {\n    cancelCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        cancelRequestedAt\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.CancelCommandDocument,
    "\n  query ShowCommand($id: ID!) {\n    command(id: $id) {\n      id\n      serverId\n      runId\n      state\n      outcome\n      exitCode\n      signal\n      reason\n      createdAt\n      deliveredAt\n      startedAt\n      finishedAt\n      expiresAt\n      durationMs\n      timeoutMs\n      cancelRequestedAt\n      unreachableSince\n      priority\n      concurrency\n      idempotent\n      rerunOfId\n      stdoutBytes\n      stderrBytes\n      actor {\n        kind\n        id\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      program {\n        argv\n        script\n        interpreter\n        user\n        workingDirectory\n        environmentNames\n        hasStdin\n      }\n      lateResult {\n        state\n        exitCode\n        reason\n        at\n      }\n    }\n  }\n": types.ShowCommandDocument,
    "\n  query CommandHistory($filter: CommandFilterInput, $first: Int!, $after: String) {\n    commandHistory(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        serverId\n        runId\n        state\n        exitCode\n        signal\n        reason\n        createdAt\n        durationMs\n        stdoutBytes\n        stderrBytes\n        program {\n          argv\n          script\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.CommandHistoryDocument,
    "\n  subscription CommandOutput($commandId: ID!, $afterSeq: SafeInt) {\n    commandOutput(commandId: $commandId, afterSeq: $afterSeq) {\n      seq\n      stream\n      data\n      missingBytes\n      end\n    }\n  }\n": types.CommandOutputDocument,
    "\n  query CommandIds($first: Int!, $after: String) {\n    commandHistory(first: $first, after: $after) {\n      nodes {\n        id\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.CommandIdsDocument,
    "\n  query LatestMetrics($filter: LatestMetricsFilterInput, $first: Int!, $after: String) {\n    metricsLatest(filter: $filter, first: $first, after: $after) {\n      nodes {\n        serverId\n        sample {\n          at\n          cpuPct\n          load1\n          load5\n          load15\n          iowaitPct\n          stealPct\n          memUsedMib\n          memAvailableMib\n          swapUsedMib\n          diskUsedMib\n          inodesUsedPct\n          diskReadKibs\n          diskWriteKibs\n          netRxKibs\n          netTxKibs\n          psiCpuPct\n          psiIoPct\n          psiMemoryPct\n          processCount\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.LatestMetricsDocument,
    "\n  query MetricsHistory($input: MetricsHistoryInput!) {\n    metricsHistory(input: $input) {\n      stepSeconds\n      tierSeconds\n      times\n      series {\n        serverId\n        figure\n        avg\n        max\n      }\n    }\n  }\n": types.MetricsHistoryDocument,
    "\n  subscription WatchMetrics($serverIds: [ID!]!) {\n    metricsSampled(serverIds: $serverIds) {\n      seq\n      serverId\n      gap\n      sample {\n        at\n        cpuPct\n        load1\n        memUsedMib\n        memAvailableMib\n        diskUsedMib\n        netRxKibs\n        netTxKibs\n      }\n    }\n  }\n": types.WatchMetricsDocument,
    "\n  query SetupState {\n    setup {\n      completed\n    }\n  }\n": types.SetupStateDocument,
    "\n  mutation CheckSetupCode($input: CheckSetupCodeInput!) {\n    checkSetupCode(input: $input) {\n      __typename\n      ... on SetupRefused {\n        completed\n        code\n        message\n      }\n    }\n  }\n": types.CheckSetupCodeDocument,
    "\n  mutation CompleteSetup($input: CompleteSetupInput!) {\n    completeSetup(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      ... on SetupRefused {\n        completed\n        code\n        message\n      }\n    }\n  }\n": types.CompleteSetupDocument,
    "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.SignInDocument,
    "\n  mutation StepUp($input: StepUpInput!) {\n    stepUp(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.StepUpDocument,
    "\n  mutation SignOut {\n    signOut {\n      ... on SignedOut {\n        sessionsEnded\n      }\n    }\n  }\n": types.SignOutDocument,
    "\n  mutation SignOutEverywhere {\n    signOutEverywhere {\n      ... on SignedOut {\n        sessionsEnded\n      }\n    }\n  }\n": types.SignOutEverywhereDocument,
    "\n  query WhoAmI {\n    caller {\n      kind\n      role\n      scopes\n      person {\n        id\n        email\n        displayName\n      }\n      workspace {\n        id\n        name\n      }\n    }\n  }\n": types.WhoAmIDocument,
    "\n  mutation ChangePassword($input: ChangePasswordInput!) {\n    changePassword(input: $input) {\n      ... on PasswordChanged {\n        sessionsEnded\n      }\n    }\n  }\n": types.ChangePasswordDocument,
    "\n  mutation StartTotp {\n    startTotp {\n      __typename\n      ... on TotpStarted {\n        secret\n        otpauthUri\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.StartTotpDocument,
    "\n  mutation ConfirmTotp($input: ConfirmTotpInput!) {\n    confirmTotp(input: $input) {\n      __typename\n      ... on TotpConfirmed {\n        recoveryCodes\n        sessionsEnded\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.ConfirmTotpDocument,
    "\n  mutation DisableTotp {\n    disableTotp {\n      __typename\n      ... on TotpDisabled {\n        sessionsEnded\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.DisableTotpDocument,
    "\n  query ListSessions($first: Int!, $after: String) {\n    sessions(first: $first, after: $after) {\n      nodes {\n        id\n        client\n        userAgent\n        address\n        createdAt\n        lastUsedAt\n        expiresAt\n        secondFactor\n        isCurrent\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListSessionsDocument,
    "\n  mutation RevokeSession($input: RevokeSessionInput!) {\n    revokeSession(input: $input) {\n      ... on SessionRevoked {\n        id\n      }\n    }\n  }\n": types.RevokeSessionDocument,
    "\n  mutation StartRun($input: RunOnServersInput!) {\n    runOnServers(input: $input) {\n      __typename\n      ... on Run {\n        id\n        serverCount\n        skippedServerIds\n      }\n      ... on NoTargets {\n        offlineCount\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.StartRunDocument,
    "\n  query PreviewRun($target: TargetInput!) {\n    runPreview(target: $target) {\n      serverCount\n      offlineCount\n      notReadyCount\n      servers {\n        id\n        name\n      }\n      offline {\n        id\n        name\n      }\n      notReady {\n        id\n        name\n      }\n    }\n  }\n": types.PreviewRunDocument,
    "\n  query ShowRun($id: ID!) {\n    run(id: $id) {\n      id\n      state\n      stopReason\n      serverCount\n      skippedServerIds\n      batchSize\n      batchPauseMs\n      maxFailures\n      createdAt\n      finishedAt\n      actor {\n        kind\n        id\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      progress {\n        state\n        count\n      }\n    }\n  }\n": types.ShowRunDocument,
    "\n  query ListRuns($first: Int!, $after: String) {\n    runHistory(first: $first, after: $after) {\n      nodes {\n        id\n        state\n        stopReason\n        serverCount\n        createdAt\n        finishedAt\n        progress {\n          state\n          count\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListRunsDocument,
    "\n  mutation StopRun($input: StopRunInput!) {\n    stopRun(input: $input) {\n      __typename\n      ... on Run {\n        id\n        state\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.StopRunDocument,
    "\n  subscription RunChanged($runIds: [ID!]!, $afterSeq: SafeInt) {\n    runChanged(runIds: $runIds, afterSeq: $afterSeq) {\n      seq\n      run {\n        id\n        state\n      }\n    }\n  }\n": types.RunChangedDocument,
    "\n  query RunIds($first: Int!, $after: String) {\n    runHistory(first: $first, after: $after) {\n      nodes {\n        id\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.RunIdsDocument,
    "\n  query ListGroups($first: Int!, $after: String) {\n    serverGroups(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        colour\n        parentId\n        serverCount\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListGroupsDocument,
    "\n  mutation CreateGroup($input: CreateServerGroupInput!) {\n    createServerGroup(input: $input) {\n      __typename\n      ... on ServerGroup {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.CreateGroupDocument,
    "\n  mutation UpdateGroup($input: UpdateServerGroupInput!) {\n    updateServerGroup(input: $input) {\n      __typename\n      ... on ServerGroup {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.UpdateGroupDocument,
    "\n  mutation DeleteGroup($input: DeleteServerGroupInput!) {\n    deleteServerGroup(input: $input) {\n      __typename\n      ... on ServerGroupDeleted {\n        id\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.DeleteGroupDocument,
    "\n  query ListServers($filter: ServerFilterInput, $orderBy: ServerOrder!, $first: Int!, $after: String) {\n    servers(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      nodes {\n        id\n        name\n        state\n        stateReason\n        connected\n        lastSeenAt\n        latencyMs\n        tags\n        automaticTags\n        agentVersion\n        integrityAlert {\n          raisedAt\n          reason\n          commandId\n          count\n        }\n        group {\n          id\n          name\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListServersDocument,
    "\n  query ServerNames($filter: ServerFilterInput, $first: Int!, $after: String) {\n    servers(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        name\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ServerNamesDocument,
    "\n  query ShowServer($id: ID!) {\n    server(id: $id) {\n      id\n      name\n      description\n      state\n      stateReason\n      connected\n      connectedAt\n      lastSeenAt\n      latencyMs\n      disconnectReason\n      duplicateIdentity\n      queueHeld\n      integrityAlert {\n        raisedAt\n        reason\n        commandId\n        count\n      }\n      tags\n      automaticTags\n      profile\n      scopes\n      protected\n      maintenance\n      concurrency\n      agentVersion\n      protocolVersion\n      createdAt\n      enrolledAt\n      group {\n        id\n        name\n      }\n      healthChecks {\n        name\n        ok\n        message\n      }\n      facts {\n        hostname\n        addresses\n        osName\n        osVersion\n        kernel\n        architecture\n        virtualisation\n        cpuModel\n        cpuCount\n        memoryMib\n        swapMib\n        diskMib\n        bootedAt\n        systemd\n        agentUser\n        reportedAt\n      }\n      connections(first: 5) {\n        nodes {\n          id\n          address\n          agentVersion\n          connectedAt\n          disconnectedAt\n          disconnectReason\n        }\n      }\n    }\n  }\n": types.ShowServerDocument,
    "\n  subscription WatchServers($afterSeq: SafeInt, $serverIds: [ID!]) {\n    serverChanged(afterSeq: $afterSeq, serverIds: $serverIds) {\n      seq\n      serverId\n      server {\n        id\n        name\n        state\n        stateReason\n        connected\n        lastSeenAt\n        latencyMs\n        integrityAlert {\n          raisedAt\n          reason\n          commandId\n          count\n        }\n      }\n    }\n  }\n": types.WatchServersDocument,
    "\n  mutation CreateServer($input: CreateServerInput!) {\n    createServer(input: $input) {\n      __typename\n      ... on ServerEnrolment {\n        server {\n          id\n          name\n          profile\n          scopes\n        }\n        enrolment {\n          command\n          installCommand\n          installCommandWithWget\n          token\n          rootFingerprint\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.CreateServerDocument,
    "\n  mutation ReenrolServer($input: ReenrolServerInput!) {\n    reenrolServer(input: $input) {\n      __typename\n      ... on ServerEnrolment {\n        server {\n          id\n          name\n          profile\n          scopes\n        }\n        enrolment {\n          command\n          installCommand\n          installCommandWithWget\n          token\n          rootFingerprint\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.ReenrolServerDocument,
    "\n  mutation UpdateServer($input: UpdateServerInput!) {\n    updateServer(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n        description\n        profile\n        scopes\n        protected\n        concurrency\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.UpdateServerDocument,
    "\n  mutation ChangeTagsOnServers($input: ChangeTagsOnServersInput!) {\n    changeTagsOnServers(input: $input) {\n      ... on ServerOutcomes {\n        outcomes {\n          serverId\n          problem\n          server {\n            id\n            name\n            tags\n            automaticTags\n          }\n        }\n      }\n    }\n  }\n": types.ChangeTagsOnServersDocument,
    "\n  mutation MoveServersToGroup($input: MoveServersToGroupInput!) {\n    moveServersToGroup(input: $input) {\n      __typename\n      ... on ServerOutcomes {\n        outcomes {\n          serverId\n          problem\n          server {\n            id\n            name\n            group {\n              id\n              name\n            }\n          }\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.MoveServersToGroupDocument,
    "\n  mutation SetServerMaintenance($input: SetServerMaintenanceInput!) {\n    setServerMaintenance(input: $input) {\n      ... on Server {\n        id\n        name\n        maintenance\n        state\n        stateReason\n      }\n    }\n  }\n": types.SetServerMaintenanceDocument,
    "\n  mutation RevokeServer($input: RevokeServerInput!) {\n    revokeServer(input: $input) {\n      ... on Server {\n        id\n        name\n        state\n      }\n    }\n  }\n": types.RevokeServerDocument,
    "\n  mutation RotateServerKey($input: RotateServerKeyInput!) {\n    rotateServerKey(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n        connected\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.RotateServerKeyDocument,
    "\n  mutation DeleteServer($input: DeleteServerInput!) {\n    deleteServer(input: $input) {\n      __typename\n      ... on ServerDeleted {\n        id\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.DeleteServerDocument,
    "\n  mutation AcknowledgeIntegrityAlert($input: AcknowledgeIntegrityAlertInput!) {\n    acknowledgeIntegrityAlert(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.AcknowledgeIntegrityAlertDocument,
    "\n  query NewestChange {\n    newestChange\n  }\n": types.NewestChangeDocument,
    "\n  query ServerStates($filter: ServerFilterInput, $first: Int!, $after: String) {\n    servers(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        name\n        state\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ServerStatesDocument,
    "\n  query ListTokens($first: Int!, $after: String) {\n    apiTokens(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        hint\n        scopes\n        createdAt\n        expiresAt\n        lastUsedAt\n        person {\n          id\n          email\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListTokensDocument,
    "\n  mutation CreateToken($input: CreateApiTokenInput!) {\n    createApiToken(input: $input) {\n      __typename\n      ... on ApiTokenCreated {\n        token\n        apiToken {\n          id\n          name\n          scopes\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.CreateTokenDocument,
    "\n  mutation RevokeToken($input: RevokeApiTokenInput!) {\n    revokeApiToken(input: $input) {\n      ... on ApiTokenRevoked {\n        id\n      }\n    }\n  }\n": types.RevokeTokenDocument,
    "\n  query ListWorkspaces($first: Int!, $after: String) {\n    workspaces(first: $first, after: $after) {\n      nodes {\n        role\n        joinedAt\n        workspace {\n          id\n          name\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListWorkspacesDocument,
    "\n  mutation CreateWorkspace($input: CreateWorkspaceInput!) {\n    createWorkspace(input: $input) {\n      __typename\n      ... on Workspace {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.CreateWorkspaceDocument,
    "\n  mutation RenameWorkspace($input: RenameWorkspaceInput!) {\n    renameWorkspace(input: $input) {\n      ... on Workspace {\n        id\n        name\n      }\n    }\n  }\n": types.RenameWorkspaceDocument,
    "\n  query ListMembers($first: Int!, $after: String) {\n    members(first: $first, after: $after) {\n      nodes {\n        role\n        joinedAt\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListMembersDocument,
    "\n  mutation InviteMember($input: InviteMemberInput!) {\n    inviteMember(input: $input) {\n      __typename\n      ... on MemberInvited {\n        code\n        invitation {\n          id\n          email\n          role\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.InviteMemberDocument,
    "\n  mutation ChangeMemberRole($input: ChangeMemberRoleInput!) {\n    changeMemberRole(input: $input) {\n      __typename\n      ... on Member {\n        role\n        person {\n          id\n          email\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.ChangeMemberRoleDocument,
    "\n  mutation RemoveMember($input: RemoveMemberInput!) {\n    removeMember(input: $input) {\n      __typename\n      ... on MemberRemoved {\n        person {\n          id\n          email\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.RemoveMemberDocument,
    "\n  query ListInvitations($first: Int!, $after: String) {\n    invitations(first: $first, after: $after) {\n      nodes {\n        id\n        email\n        role\n        createdAt\n        expiresAt\n        invitedBy {\n          email\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.ListInvitationsDocument,
    "\n  mutation RevokeInvitation($input: RevokeInvitationInput!) {\n    revokeInvitation(input: $input) {\n      ... on InvitationRevoked {\n        id\n      }\n    }\n  }\n": types.RevokeInvitationDocument,
    "\n  query ShowInvitation($code: String!) {\n    invitationOffer(code: $code) {\n      email\n      role\n      workspaceName\n      inviterName\n      expiresAt\n      hasAccount\n    }\n  }\n": types.ShowInvitationDocument,
    "\n  mutation AcceptInvitation($input: AcceptInvitationInput!) {\n    acceptInvitation(input: $input) {\n      __typename\n      ... on InvitationAccepted {\n        workspace {\n          id\n          name\n        }\n        signedIn {\n          token\n          person {\n            id\n            email\n          }\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n": types.AcceptInvitationDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListAudit($filter: AuditFilterInput, $first: Int!, $after: String) {\n    auditEntries(filter: $filter, first: $first, after: $after) {\n      nodes {\n        sequence\n        at\n        action\n        actorKind\n        actorId\n        actorPerson {\n          id\n          email\n          displayName\n        }\n        targetKind\n        targetId\n        detail\n        intentDigest\n        previousHash\n        hash\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListAuditDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query VerifyAudit {\n    verifyAudit {\n      intact\n      checkedEntries\n      baseSequence\n      headSequence\n      headHash\n      anchorCount\n      lastAnchoredSequence\n      unreadableAnchors\n      problem {\n        kind\n        sequence\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').VerifyAuditDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RunCommand($input: RunCommandInput!) {\n    runCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        serverId\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').RunCommandDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RerunCommand($input: RerunCommandInput!) {\n    rerunCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        serverId\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').RerunCommandDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelCommand($input: CancelCommandInput!) {\n    cancelCommand(input: $input) {\n      __typename\n      ... on Command {\n        id\n        state\n        cancelRequestedAt\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').CancelCommandDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ShowCommand($id: ID!) {\n    command(id: $id) {\n      id\n      serverId\n      runId\n      state\n      outcome\n      exitCode\n      signal\n      reason\n      createdAt\n      deliveredAt\n      startedAt\n      finishedAt\n      expiresAt\n      durationMs\n      timeoutMs\n      cancelRequestedAt\n      unreachableSince\n      priority\n      concurrency\n      idempotent\n      rerunOfId\n      stdoutBytes\n      stderrBytes\n      actor {\n        kind\n        id\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      program {\n        argv\n        script\n        interpreter\n        user\n        workingDirectory\n        environmentNames\n        hasStdin\n      }\n      lateResult {\n        state\n        exitCode\n        reason\n        at\n      }\n    }\n  }\n"): typeof import('./graphql.js').ShowCommandDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CommandHistory($filter: CommandFilterInput, $first: Int!, $after: String) {\n    commandHistory(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        serverId\n        runId\n        state\n        exitCode\n        signal\n        reason\n        createdAt\n        durationMs\n        stdoutBytes\n        stderrBytes\n        program {\n          argv\n          script\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').CommandHistoryDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription CommandOutput($commandId: ID!, $afterSeq: SafeInt) {\n    commandOutput(commandId: $commandId, afterSeq: $afterSeq) {\n      seq\n      stream\n      data\n      missingBytes\n      end\n    }\n  }\n"): typeof import('./graphql.js').CommandOutputDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CommandIds($first: Int!, $after: String) {\n    commandHistory(first: $first, after: $after) {\n      nodes {\n        id\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').CommandIdsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LatestMetrics($filter: LatestMetricsFilterInput, $first: Int!, $after: String) {\n    metricsLatest(filter: $filter, first: $first, after: $after) {\n      nodes {\n        serverId\n        sample {\n          at\n          cpuPct\n          load1\n          load5\n          load15\n          iowaitPct\n          stealPct\n          memUsedMib\n          memAvailableMib\n          swapUsedMib\n          diskUsedMib\n          inodesUsedPct\n          diskReadKibs\n          diskWriteKibs\n          netRxKibs\n          netTxKibs\n          psiCpuPct\n          psiIoPct\n          psiMemoryPct\n          processCount\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').LatestMetricsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MetricsHistory($input: MetricsHistoryInput!) {\n    metricsHistory(input: $input) {\n      stepSeconds\n      tierSeconds\n      times\n      series {\n        serverId\n        figure\n        avg\n        max\n      }\n    }\n  }\n"): typeof import('./graphql.js').MetricsHistoryDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchMetrics($serverIds: [ID!]!) {\n    metricsSampled(serverIds: $serverIds) {\n      seq\n      serverId\n      gap\n      sample {\n        at\n        cpuPct\n        load1\n        memUsedMib\n        memAvailableMib\n        diskUsedMib\n        netRxKibs\n        netTxKibs\n      }\n    }\n  }\n"): typeof import('./graphql.js').WatchMetricsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SetupState {\n    setup {\n      completed\n    }\n  }\n"): typeof import('./graphql.js').SetupStateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CheckSetupCode($input: CheckSetupCodeInput!) {\n    checkSetupCode(input: $input) {\n      __typename\n      ... on SetupRefused {\n        completed\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').CheckSetupCodeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CompleteSetup($input: CompleteSetupInput!) {\n    completeSetup(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      ... on SetupRefused {\n        completed\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').CompleteSetupDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignIn($input: SignInInput!) {\n    signIn(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').SignInDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StepUp($input: StepUpInput!) {\n    stepUp(input: $input) {\n      __typename\n      ... on SignedIn {\n        token\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').StepUpDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignOut {\n    signOut {\n      ... on SignedOut {\n        sessionsEnded\n      }\n    }\n  }\n"): typeof import('./graphql.js').SignOutDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignOutEverywhere {\n    signOutEverywhere {\n      ... on SignedOut {\n        sessionsEnded\n      }\n    }\n  }\n"): typeof import('./graphql.js').SignOutEverywhereDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WhoAmI {\n    caller {\n      kind\n      role\n      scopes\n      person {\n        id\n        email\n        displayName\n      }\n      workspace {\n        id\n        name\n      }\n    }\n  }\n"): typeof import('./graphql.js').WhoAmIDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangePassword($input: ChangePasswordInput!) {\n    changePassword(input: $input) {\n      ... on PasswordChanged {\n        sessionsEnded\n      }\n    }\n  }\n"): typeof import('./graphql.js').ChangePasswordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartTotp {\n    startTotp {\n      __typename\n      ... on TotpStarted {\n        secret\n        otpauthUri\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').StartTotpDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ConfirmTotp($input: ConfirmTotpInput!) {\n    confirmTotp(input: $input) {\n      __typename\n      ... on TotpConfirmed {\n        recoveryCodes\n        sessionsEnded\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').ConfirmTotpDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DisableTotp {\n    disableTotp {\n      __typename\n      ... on TotpDisabled {\n        sessionsEnded\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').DisableTotpDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListSessions($first: Int!, $after: String) {\n    sessions(first: $first, after: $after) {\n      nodes {\n        id\n        client\n        userAgent\n        address\n        createdAt\n        lastUsedAt\n        expiresAt\n        secondFactor\n        isCurrent\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListSessionsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeSession($input: RevokeSessionInput!) {\n    revokeSession(input: $input) {\n      ... on SessionRevoked {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.js').RevokeSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartRun($input: RunOnServersInput!) {\n    runOnServers(input: $input) {\n      __typename\n      ... on Run {\n        id\n        serverCount\n        skippedServerIds\n      }\n      ... on NoTargets {\n        offlineCount\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').StartRunDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PreviewRun($target: TargetInput!) {\n    runPreview(target: $target) {\n      serverCount\n      offlineCount\n      notReadyCount\n      servers {\n        id\n        name\n      }\n      offline {\n        id\n        name\n      }\n      notReady {\n        id\n        name\n      }\n    }\n  }\n"): typeof import('./graphql.js').PreviewRunDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ShowRun($id: ID!) {\n    run(id: $id) {\n      id\n      state\n      stopReason\n      serverCount\n      skippedServerIds\n      batchSize\n      batchPauseMs\n      maxFailures\n      createdAt\n      finishedAt\n      actor {\n        kind\n        id\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      progress {\n        state\n        count\n      }\n    }\n  }\n"): typeof import('./graphql.js').ShowRunDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListRuns($first: Int!, $after: String) {\n    runHistory(first: $first, after: $after) {\n      nodes {\n        id\n        state\n        stopReason\n        serverCount\n        createdAt\n        finishedAt\n        progress {\n          state\n          count\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListRunsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StopRun($input: StopRunInput!) {\n    stopRun(input: $input) {\n      __typename\n      ... on Run {\n        id\n        state\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').StopRunDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription RunChanged($runIds: [ID!]!, $afterSeq: SafeInt) {\n    runChanged(runIds: $runIds, afterSeq: $afterSeq) {\n      seq\n      run {\n        id\n        state\n      }\n    }\n  }\n"): typeof import('./graphql.js').RunChangedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RunIds($first: Int!, $after: String) {\n    runHistory(first: $first, after: $after) {\n      nodes {\n        id\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').RunIdsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListGroups($first: Int!, $after: String) {\n    serverGroups(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        colour\n        parentId\n        serverCount\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListGroupsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateGroup($input: CreateServerGroupInput!) {\n    createServerGroup(input: $input) {\n      __typename\n      ... on ServerGroup {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').CreateGroupDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateGroup($input: UpdateServerGroupInput!) {\n    updateServerGroup(input: $input) {\n      __typename\n      ... on ServerGroup {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').UpdateGroupDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteGroup($input: DeleteServerGroupInput!) {\n    deleteServerGroup(input: $input) {\n      __typename\n      ... on ServerGroupDeleted {\n        id\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').DeleteGroupDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListServers($filter: ServerFilterInput, $orderBy: ServerOrder!, $first: Int!, $after: String) {\n    servers(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {\n      nodes {\n        id\n        name\n        state\n        stateReason\n        connected\n        lastSeenAt\n        latencyMs\n        tags\n        automaticTags\n        agentVersion\n        integrityAlert {\n          raisedAt\n          reason\n          commandId\n          count\n        }\n        group {\n          id\n          name\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListServersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ServerNames($filter: ServerFilterInput, $first: Int!, $after: String) {\n    servers(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        name\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ServerNamesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ShowServer($id: ID!) {\n    server(id: $id) {\n      id\n      name\n      description\n      state\n      stateReason\n      connected\n      connectedAt\n      lastSeenAt\n      latencyMs\n      disconnectReason\n      duplicateIdentity\n      queueHeld\n      integrityAlert {\n        raisedAt\n        reason\n        commandId\n        count\n      }\n      tags\n      automaticTags\n      profile\n      scopes\n      protected\n      maintenance\n      concurrency\n      agentVersion\n      protocolVersion\n      createdAt\n      enrolledAt\n      group {\n        id\n        name\n      }\n      healthChecks {\n        name\n        ok\n        message\n      }\n      facts {\n        hostname\n        addresses\n        osName\n        osVersion\n        kernel\n        architecture\n        virtualisation\n        cpuModel\n        cpuCount\n        memoryMib\n        swapMib\n        diskMib\n        bootedAt\n        systemd\n        agentUser\n        reportedAt\n      }\n      connections(first: 5) {\n        nodes {\n          id\n          address\n          agentVersion\n          connectedAt\n          disconnectedAt\n          disconnectReason\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.js').ShowServerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchServers($afterSeq: SafeInt, $serverIds: [ID!]) {\n    serverChanged(afterSeq: $afterSeq, serverIds: $serverIds) {\n      seq\n      serverId\n      server {\n        id\n        name\n        state\n        stateReason\n        connected\n        lastSeenAt\n        latencyMs\n        integrityAlert {\n          raisedAt\n          reason\n          commandId\n          count\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.js').WatchServersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateServer($input: CreateServerInput!) {\n    createServer(input: $input) {\n      __typename\n      ... on ServerEnrolment {\n        server {\n          id\n          name\n          profile\n          scopes\n        }\n        enrolment {\n          command\n          installCommand\n          installCommandWithWget\n          token\n          rootFingerprint\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').CreateServerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReenrolServer($input: ReenrolServerInput!) {\n    reenrolServer(input: $input) {\n      __typename\n      ... on ServerEnrolment {\n        server {\n          id\n          name\n          profile\n          scopes\n        }\n        enrolment {\n          command\n          installCommand\n          installCommandWithWget\n          token\n          rootFingerprint\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').ReenrolServerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateServer($input: UpdateServerInput!) {\n    updateServer(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n        description\n        profile\n        scopes\n        protected\n        concurrency\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').UpdateServerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangeTagsOnServers($input: ChangeTagsOnServersInput!) {\n    changeTagsOnServers(input: $input) {\n      ... on ServerOutcomes {\n        outcomes {\n          serverId\n          problem\n          server {\n            id\n            name\n            tags\n            automaticTags\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.js').ChangeTagsOnServersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MoveServersToGroup($input: MoveServersToGroupInput!) {\n    moveServersToGroup(input: $input) {\n      __typename\n      ... on ServerOutcomes {\n        outcomes {\n          serverId\n          problem\n          server {\n            id\n            name\n            group {\n              id\n              name\n            }\n          }\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').MoveServersToGroupDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetServerMaintenance($input: SetServerMaintenanceInput!) {\n    setServerMaintenance(input: $input) {\n      ... on Server {\n        id\n        name\n        maintenance\n        state\n        stateReason\n      }\n    }\n  }\n"): typeof import('./graphql.js').SetServerMaintenanceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeServer($input: RevokeServerInput!) {\n    revokeServer(input: $input) {\n      ... on Server {\n        id\n        name\n        state\n      }\n    }\n  }\n"): typeof import('./graphql.js').RevokeServerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RotateServerKey($input: RotateServerKeyInput!) {\n    rotateServerKey(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n        connected\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').RotateServerKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteServer($input: DeleteServerInput!) {\n    deleteServer(input: $input) {\n      __typename\n      ... on ServerDeleted {\n        id\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').DeleteServerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AcknowledgeIntegrityAlert($input: AcknowledgeIntegrityAlertInput!) {\n    acknowledgeIntegrityAlert(input: $input) {\n      __typename\n      ... on Server {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').AcknowledgeIntegrityAlertDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NewestChange {\n    newestChange\n  }\n"): typeof import('./graphql.js').NewestChangeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ServerStates($filter: ServerFilterInput, $first: Int!, $after: String) {\n    servers(filter: $filter, first: $first, after: $after) {\n      nodes {\n        id\n        name\n        state\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ServerStatesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListTokens($first: Int!, $after: String) {\n    apiTokens(first: $first, after: $after) {\n      nodes {\n        id\n        name\n        hint\n        scopes\n        createdAt\n        expiresAt\n        lastUsedAt\n        person {\n          id\n          email\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListTokensDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateToken($input: CreateApiTokenInput!) {\n    createApiToken(input: $input) {\n      __typename\n      ... on ApiTokenCreated {\n        token\n        apiToken {\n          id\n          name\n          scopes\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').CreateTokenDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeToken($input: RevokeApiTokenInput!) {\n    revokeApiToken(input: $input) {\n      ... on ApiTokenRevoked {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.js').RevokeTokenDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListWorkspaces($first: Int!, $after: String) {\n    workspaces(first: $first, after: $after) {\n      nodes {\n        role\n        joinedAt\n        workspace {\n          id\n          name\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListWorkspacesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateWorkspace($input: CreateWorkspaceInput!) {\n    createWorkspace(input: $input) {\n      __typename\n      ... on Workspace {\n        id\n        name\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').CreateWorkspaceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RenameWorkspace($input: RenameWorkspaceInput!) {\n    renameWorkspace(input: $input) {\n      ... on Workspace {\n        id\n        name\n      }\n    }\n  }\n"): typeof import('./graphql.js').RenameWorkspaceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListMembers($first: Int!, $after: String) {\n    members(first: $first, after: $after) {\n      nodes {\n        role\n        joinedAt\n        person {\n          id\n          email\n          displayName\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListMembersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation InviteMember($input: InviteMemberInput!) {\n    inviteMember(input: $input) {\n      __typename\n      ... on MemberInvited {\n        code\n        invitation {\n          id\n          email\n          role\n          expiresAt\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').InviteMemberDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangeMemberRole($input: ChangeMemberRoleInput!) {\n    changeMemberRole(input: $input) {\n      __typename\n      ... on Member {\n        role\n        person {\n          id\n          email\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').ChangeMemberRoleDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RemoveMember($input: RemoveMemberInput!) {\n    removeMember(input: $input) {\n      __typename\n      ... on MemberRemoved {\n        person {\n          id\n          email\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').RemoveMemberDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListInvitations($first: Int!, $after: String) {\n    invitations(first: $first, after: $after) {\n      nodes {\n        id\n        email\n        role\n        createdAt\n        expiresAt\n        invitedBy {\n          email\n        }\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListInvitationsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeInvitation($input: RevokeInvitationInput!) {\n    revokeInvitation(input: $input) {\n      ... on InvitationRevoked {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.js').RevokeInvitationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ShowInvitation($code: String!) {\n    invitationOffer(code: $code) {\n      email\n      role\n      workspaceName\n      inviterName\n      expiresAt\n      hasAccount\n    }\n  }\n"): typeof import('./graphql.js').ShowInvitationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AcceptInvitation($input: AcceptInvitationInput!) {\n    acceptInvitation(input: $input) {\n      __typename\n      ... on InvitationAccepted {\n        workspace {\n          id\n          name\n        }\n        signedIn {\n          token\n          person {\n            id\n            email\n          }\n        }\n      }\n      ... on Refusal {\n        code\n        message\n      }\n    }\n  }\n"): typeof import('./graphql.js').AcceptInvitationDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
