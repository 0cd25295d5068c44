using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>How the server stops.</summary>
internal sealed class ShutdownOptions
{
    public const string Section = "Shutdown";

    /// <summary>How long running calls may go on after the server was told to stop; then they end with UNAVAILABLE.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(10);
}
