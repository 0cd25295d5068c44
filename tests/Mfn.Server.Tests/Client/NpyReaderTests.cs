using System.Text;
using Mfn.Client.Npy;

namespace Mfn.Server.Tests.Client;

public sealed class NpyReaderTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void Read_WrittenFile_ComesBackInParts()
    {
        NpyFile.Write(_path, [1, 2, 3, 4, 5, 6], 3, 2);

        using var reader = NpyReader.Open(_path);
        var first = new double[4];
        var rest = new double[2];
        reader.Read(first);
        reader.Read(rest);

        Assert.Equal([3, 2], reader.Shape);
        Assert.Equal([1, 2, 3, 4], first);
        Assert.Equal([5, 6], rest);
        Assert.Throws<EndOfStreamException>(() => reader.Read(rest));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ReadAt_AnyPlace_IsWhatIsThere(bool isDouble)
    {
        var values = Enumerable.Range(0, 3000).Select(i => i + 0.25).ToArray();
        if (isDouble)
        {
            values[2500] = 1e200;
            NpyFile.Write(_path, values, 3, 1000);
        }
        else
        {
            NpyFile.WriteSingles(_path, Array.ConvertAll(values, value => (float)value), 3, 1000);
        }

        using var reader = NpyReader.Open(_path);
        var part = new float[1700];
        reader.ReadAt(1234, part);
        reader.ReadAt(0, part.AsSpan(0, 1));

        Assert.Equal([.. values.Take(1), .. values.Skip(1235).Take(1699)], part.Select(value => float.IsFinite(value) ? value : 1e200));
        Assert.Equal(values[2500], reader.ReadAt(2500));
        Assert.Throws<EndOfStreamException>(() => reader.ReadAt(2999, part));
        Assert.Throws<EndOfStreamException>(() => reader.ReadAt(3000));
    }

    [Fact]
    public void Open_SinglePrecisionAndVersion2_IsRead()
    {
        Write("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", Convert.FromHexString("0000803F000020C0"), version: 2);

        using var reader = NpyReader.Open(_path);
        var values = new double[2];
        reader.Read(values);

        Assert.Equal([1.0, -2.5], values);
    }

    [Theory]
    [InlineData("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", 8, "must be little-endian float32 ('<f4') or float64 ('<f8'), but is '<i8'")]
    [InlineData("{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }", 8, "but is '>f8'")]
    [InlineData("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }", 8, "must be in C order, but is in Fortran order")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", 8, "the shape (2) needs 16 bytes of data, but there are 8")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 8, "its shape has the extent '-1'")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000, 2000000000, 2000000000), }", 8, "overflow")]
    [InlineData("[]", 8, "but is ''")]
    public void Open_AnythingElse_IsRefusedWithTheReason(string header, int byteCount, string reason)
    {
        Write(header, new byte[byteCount], version: 1);

        var error = Assert.Throws<InvalidDataException>(() => NpyReader.Open(_path));

        Assert.StartsWith($"'{_path}' cannot be used: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55 })]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 2, 0, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 255, 0 })]
    public void Open_NoNpyFile_IsRefused(byte[] content)
    {
        File.WriteAllBytes(_path, content);

        Assert.Throws<InvalidDataException>(() => NpyReader.Open(_path));
    }

    public void Dispose() => File.Delete(_path);

    private void Write(string header, byte[] data, byte version)
    {
        var length = version == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length);
        File.WriteAllBytes(_path, [0x93, .. "NUMPY"u8, version, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. data]);
    }
}
