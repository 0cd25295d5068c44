using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>How secrets over a network are followed.</summary>
internal sealed class SecretOptions
{
    public const string Section = "Secrets";

    [Setting("how often a secret in Vault or AWS is asked for again ([secrets](secrets.md))")]
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromMinutes(1);

    [Setting("how long Vault or AWS may take to answer; the first time that a secret is read they are asked up to three times")]
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}
