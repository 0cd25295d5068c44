namespace Mfn.Server.Secrets;

/// <summary>How often providers over a network are asked, and how long that may take.</summary>
/// <param name="RefreshInterval">Between two questions for the same secret.</param>
/// <param name="Timeout">For one try.</param>
internal sealed record SecretTimes(TimeSpan RefreshInterval, TimeSpan Timeout)
{
    /// <summary>Before a try after one that failed; each is twice as long as the one before.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>The tries of the first reading, for which somebody waits.</summary>
    public const int FirstTries = 3;

    /// <summary>The longest time that a provider may ask for between tries, for which somebody waits.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);
}
