using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>How the server stops.</summary>
internal sealed class ShutdownOptions
{
    public const string Section = "Shutdown";

    [Setting("how long runs may go on after SIGTERM")]
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(10);
}
