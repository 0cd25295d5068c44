using Mfn.Server.Storage;

namespace Mfn.Server.Tests.Storage;

public sealed class Crc32CTests
{
    /// <summary>The check value of the catalogue of CRCs, and the examples of RFC 3720, B.4.</summary>
    [Fact]
    public void Compute_PublishedExamples_GivesTheirValues()
    {
        Assert.Equal(0xE3069283, Crc32C.Compute("123456789"u8));
        Assert.Equal(0x8A9136AA, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
    }
}
