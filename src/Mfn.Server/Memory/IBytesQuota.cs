namespace Mfn.Server.Memory;

/// <summary>Bounds, beside the account, how many bytes somebody may hold for something.</summary>
internal interface IBytesQuota : IDisposable
{
    /// <summary>Makes it so many bytes, more or fewer than now.</summary>
    /// <exception cref="Calls.CallRefusedException">They are too many; it is what it was.</exception>
    void Resize(long amount);
}
