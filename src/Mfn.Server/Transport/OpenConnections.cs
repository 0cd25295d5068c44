using System.Collections.Concurrent;
using Mfn.Server.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mfn.Server.Transport;

/// <summary>The connections that are open, so that they can be closed before Kestrel stops, and when their clients' certificates no longer count.</summary>
/// <remarks>
/// Kestrel's own stop first ends the heartbeat by which a connection learns that its last call has ended. A connection whose last call
/// ends a moment later, and whose client sends nothing more, would stay until the whole shutdown time has passed.
/// </remarks>
internal sealed class OpenConnections
{
    /// <summary>
    /// How long a client whose certificate no longer counts is told so in answer to its calls before its connection is closed, and then may take to end them. Its streams
    /// are ended, and further calls refused, by those who know whose they are.
    /// </summary>
    public static readonly TimeSpan DistrustGrace = TimeSpan.FromMinutes(1);

    // More than Kestrel gives one.
    private static readonly TimeSpan LongestHandshake = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<ConnectionContext, Task> _open = [];
    private readonly ClientTrust _trust;

    public OpenConnections(ClientTrust trust, TimeProvider clock)
    {
        _trust = trust;
        trust.Changed += () => _ = CloseDistrustedAsync(clock);
    }

    /// <summary>Counts the endpoint's connections from now on.</summary>
    public void CountAt(ListenOptions endpoint) => endpoint.Use(next => connection => ServeAsync(next, connection));

    /// <summary>
    /// Tells the clients to open no further calls, and closes each connection when its calls have ended. Connections that are still open after the time
    /// are left to Kestrel.
    /// </summary>
    public async Task CloseAsync(TimeSpan timeout, TimeProvider clock)
    {
        var closing = _open.ToArray();
        foreach (var (connection, _) in closing)
        {
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        try
        {
            await Task.WhenAll(closing.Select(entry => entry.Value)).WaitAsync(timeout, clock);
        }
        catch (TimeoutException)
        {
            // A client that does not read. Kestrel aborts its connection at the end of the shutdown time.
        }
    }

    private async Task CloseDistrustedAsync(TimeProvider clock)
    {
        // Each has the whole grace: one whose authority goes while others wait is closed when its own time is over. A handshake may have been under way.
        var distrusted = _open.Keys.Where(IsDistrusted).ToHashSet();
        await Task.Delay(LongestHandshake, clock);
        distrusted.UnionWith(_open.Keys.Where(IsDistrusted));
        await Task.Delay(DistrustGrace, clock);
        foreach (var connection in distrusted.Where(IsToBeClosed))
        {
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        await Task.Delay(DistrustGrace, clock);
        foreach (var connection in distrusted.Where(IsToBeClosed))
        {
            connection.Abort(new ConnectionAbortedException("The client's certificate no longer counts."));
        }
    }

    // The authority may have come back.
    private bool IsToBeClosed(ConnectionContext connection) => _open.ContainsKey(connection) && IsDistrusted(connection);

    private bool IsDistrusted(ConnectionContext connection)
    {
        try
        {
            return connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } certificate && !_trust.IsTrusted(certificate);
        }
        catch (Exception error) when (error is InvalidOperationException or IOException)
        {
            // Its handshake is not over, or it is closed already.
            return false;
        }
    }

    private async Task ServeAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[connection] = closed.Task;
        try
        {
            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection, out _);
            closed.SetResult();
        }
    }
}
