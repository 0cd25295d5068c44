using System.Globalization;
using Grpc.Core;

namespace Mfn.Client.Runs;

/// <summary>How long a stream's server may be silent: what its heartbeats, of whose interval it tells in the response's headers, allow.</summary>
internal static class ServerSilence
{
    private const string Header = "mfn-heartbeat-milliseconds";

    // The longest interval that a server may have.
    private const int MaxIntervalMilliseconds = 3_600_000;

    // One heartbeat may be late.
    private const int IntervalCount = 2;

    /// <summary>The longest silence that is none of a dead connection.</summary>
    public static TimeSpan Longest(ReconnectOptions options, Metadata headers)
    {
        if (options.MaxSilence == Timeout.InfiniteTimeSpan
            || !int.TryParse(headers.GetValue(Header), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds > MaxIntervalMilliseconds)
        {
            return options.MaxSilence;
        }

        var needed = IntervalCount * TimeSpan.FromMilliseconds(milliseconds);
        return needed > options.MaxSilence ? needed : options.MaxSilence;
    }
}
