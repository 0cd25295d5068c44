using System.Globalization;
using Mfn.Server.Configuration;

namespace Mfn.Server.Runs;

/// <summary>The response header by which watchers and those who steer learn how long the server may be silent.</summary>
internal static class HeartbeatHeader
{
    public const string Name = "mfn-heartbeat-milliseconds";

    public static string ValueOf(RunsOptions options) => options.HeartbeatInterval.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}
