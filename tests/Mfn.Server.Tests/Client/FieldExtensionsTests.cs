using Google.Protobuf;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Client;

public sealed class FieldExtensionsTests
{
    [Fact]
    public void ToCells_BothEncodings_GiveTheCells()
    {
        // 1.0, -2.5, 0.1 as little-endian binary64, and -2.5 as binary32.
        var doubles = Field(1, 3, FieldEncoding.Float64, "000000000000F03F" + "00000000000004C0" + "9A9999999999B93F");
        var single = Field(1, 1, FieldEncoding.Float32, "000020C0");

        Assert.Equal([1.0, -2.5, 0.1], doubles.ToCells());
        Assert.Equal([-2.5], single.ToCells());
    }

    [Fact]
    public void ToCells_Quantised_GivesTheLevels()
    {
        // q = 0, 1, 65535 and 0, 255, at levels from -3 and -128 on, of 2^-10 V and 2^-12 V.
        var words = Field(1, 3, FieldEncoding.Quantized16, "0000" + "0100" + "FFFF");
        (words.QuantumVolts, words.FirstLevel) = (1.0 / 1024, -3);
        var bytes = Field(2, 1, FieldEncoding.Quantized8, "00" + "FF");
        (bytes.QuantumVolts, bytes.FirstLevel) = (1.0 / 4096, -128);

        Assert.Equal([-3.0 / 1024, -2.0 / 1024, 65532.0 / 1024], words.ToCells());
        Assert.Equal([-0.03125, 127.0 / 4096], bytes.ToCells());

        // The same levels of a species, in its unit.
        (words.QuantumVolts, words.SpeciesQuantum) = (0, 0.25);
        Assert.Equal([-0.75, -0.5, 16383.0], words.ToCells());
    }

    [Theory]
    [InlineData(1, 2, FieldEncoding.Float64, "A 1 x 2 field of 8-byte cells cannot have 8 bytes.")]
    [InlineData(0, 1, FieldEncoding.Float64, "A 0 x 1 field of 8-byte cells cannot have 8 bytes.")]
    [InlineData(-1, -1, FieldEncoding.Float64, "A -1 x -1 field of 8-byte cells cannot have 8 bytes.")]
    [InlineData(1, 1, FieldEncoding.Float32, "A 1 x 1 field of 4-byte cells cannot have 8 bytes.")]
    [InlineData(1, 1, (FieldEncoding)9, "The field has the unknown encoding 9.")]
    public void ToCells_FieldThatIsNone_IsRefused(int rows, int columns, FieldEncoding encoding, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => Field(rows, columns, encoding, "000000000000F03F").ToCells()).Message);

    private static Field Field(int rows, int columns, FieldEncoding encoding, string hex) =>
        new() { Rows = rows, Columns = columns, Encoding = encoding, Values = ByteString.CopyFrom(Convert.FromHexString(hex)) };
}
