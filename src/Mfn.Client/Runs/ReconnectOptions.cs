using System.Security.Cryptography;
using Grpc.Core;

namespace Mfn.Client.Runs;

/// <summary>How a client holds on to a run when connections break or the server is away.</summary>
public record ReconnectOptions
{
    private const int JitterResolution = 1 << 30;

    /// <summary>
    /// How long tries may go on that bring no message, from the first failure on, before the last error is thrown; zero for a single try. The default outlasts
    /// the restart of a server or a proxy.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest wait before the second try; it doubles with each try that brings no message.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait before any try, beyond what the server asks for.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the server may be silent, heartbeats included, before the connection counts as dead. A server that says that its heartbeats are rarer gets two of
    /// their intervals.
    /// </summary>
    public TimeSpan MaxSilence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Told of each lost stream: why, and how long until the next try.</summary>
    public Action<RpcException, TimeSpan>? Reconnecting { get; init; }

    /// <summary>Measures the waits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// The part of the longest wait to take, from 0 to below 1, anew for each wait, so that the watchers of a server that went away do not all
    /// come back at once.
    /// </summary>
    public Func<double> Jitter { get; init; } = () => RandomNumberGenerator.GetInt32(JitterResolution) / (double)JitterResolution;
}
