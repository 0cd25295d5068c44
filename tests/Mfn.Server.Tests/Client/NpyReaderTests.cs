using System.IO.Compression;
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

    public static TheoryData<string, string, double[]> Types => new()
    {
        { "<f8", "000000000000F03F9A9999999999B93F", [1, 0.1] },
        { ">f8", "3FF00000000000003FB999999999999A", [1, 0.1] },
        { "<f4", "0000803F000020C0", [1, -2.5] },
        { ">f4", "3F800000C0200000", [1, -2.5] },
        { "<f2", "003C0100", [1, 0.000000059604644775390625] },
        { ">f2", "3C00FBFF", [1, -65504] },
        { "|b1", "0001", [0, 1] },
        { "|i1", "80FF", [-128, -1] },
        { "|u1", "80FF", [128, 255] },
        { "<i2", "0080FFFF", [-32768, -1] },
        { ">i2", "80000001", [-32768, 1] },
        { "<u2", "0080FFFF", [32768, 65535] },
        { ">u2", "8000FFFF", [32768, 65535] },
        { "<i4", "00000080FFFFFFFF", [int.MinValue, -1] },
        { ">i4", "8000000000000001", [int.MinValue, 1] },
        { "<u4", "00000080FFFFFFFF", [2147483648, uint.MaxValue] },
        { ">u4", "80000000FFFFFFFF", [2147483648, uint.MaxValue] },

        // 2^53 + 1 and its neighbour lie half way between two doubles, of which the even one is taken.
        { "<i8", "0100000000002000FFFFFFFFFFFFFFFF", [9007199254740992, -1] },
        { ">i8", "0020000000000003FFFFFFFFFFFFFFFF", [9007199254740996, -1] },
        { "<u8", "0000000000000080FFFFFFFFFFFFFFFF", [9223372036854775808, 18446744073709551616.0] },
        { ">u8", "8000000000000000FFFFFFFFFFFFFFFF", [9223372036854775808, 18446744073709551616.0] },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Read_AnyType_IsTheNumbers(string type, string data, double[] expected)
    {
        Write($"{{'descr': '{type}', 'fortran_order': False, 'shape': (2,), }}", Convert.FromHexString(data), version: 1);

        using var reader = NpyReader.Open(_path, castIntegers: true);
        var values = new double[2];
        reader.Read(values);

        Assert.Equal(expected, values);
        Assert.Equal(type[1..] is "f8" or "i4" or "u4" or "i8" or "u8", reader.IsDouble);
        Assert.Equal(expected[1], reader.ReadAt(1));
    }

    [Theory]
    [InlineData("{\"descr\": \"<f8\", \"fortran_order\": False, \"shape\": (2, 1)}")]
    [InlineData("  { 'shape' :( 2 , 1 , ) ,\t'fortran_order':False,'descr':'<f8' , }  \n")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 1L), }")]
    [InlineData("{'descr': '=f8', 'fortran_order': True, 'shape': (+2, 1)}")]
    [InlineData("{'descr': 'f8', \"fortran_order\": False,\n 'shape': (2,\n1)}")]
    public void Open_HeaderAsHandsAndOldVersionsWriteIt_IsRead(string header)
    {
        foreach (byte version in new byte[] { 1, 2, 3 })
        {
            Write(header, [.. BitConverter.GetBytes(1.5), .. BitConverter.GetBytes(-2.5)], version);

            using var reader = NpyReader.Open(_path);
            var values = new double[2];
            reader.Read(values);

            Assert.Equal([2, 1], reader.Shape);
            Assert.Equal([1.5, -2.5], values);
        }
    }

    [Fact]
    public void Read_FortranOrder_IsTransposed()
    {
        // Cell (i, j, k) is 100 i + 10 j + k; the first index runs fastest in the file.
        var data = new List<byte>();
        for (var k = 0; k < 4; k++)
        {
            for (var j = 0; j < 3; j++)
            {
                for (var i = 0; i < 2; i++)
                {
                    data.AddRange(BitConverter.GetBytes((100.0 * i) + (10 * j) + k));
                }
            }
        }

        Write("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3, 4), }", [.. data], version: 1);
        double[] expected = [.. from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 4) select (100.0 * i) + (10 * j) + k];

        using var reader = NpyReader.Open(_path);
        var (first, rest, part) = (new double[5], new double[19], new float[9]);
        reader.Read(first);
        reader.Read(rest);
        reader.ReadAt(7, part);

        Assert.Equal(expected, first.Concat(rest));
        Assert.Equal(expected[7..16], part.Select(value => (double)value));
        Assert.Equal(expected[23], reader.ReadAt(23));
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Open_Archive_HasItsMembers(CompressionLevel level)
    {
        Write("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", [.. BitConverter.GetBytes(1.5), .. BitConverter.GetBytes(-2.5)], version: 1);
        var array = File.ReadAllBytes(_path);
        WriteArchive(level, ("first.npy", array), ("second.npy", [.. array[..^8], .. BitConverter.GetBytes(4.0)]), ("readme.txt", [1]));

        using (var first = NpyReader.Open($"{_path}:first"))
        {
            // Backwards, so that it has to be held.
            Assert.Equal(-2.5, first.ReadAt(1));
            Assert.Equal(1.5, first.ReadAt(0));
        }

        using (var second = NpyReader.Open($"{_path}:second.npy"))
        {
            var values = new double[2];
            second.Read(values);
            Assert.Equal([1.5, 4.0], values);
        }

        Assert.Contains("it holds 2: first, second", Assert.Throws<InvalidDataException>(() => NpyReader.Open(_path)).Message, StringComparison.Ordinal);
        Assert.Contains("no array 'third'. It has: first, second", Assert.Throws<InvalidDataException>(() => NpyReader.Open($"{_path}:third")).Message, StringComparison.Ordinal);

        WriteArchive(level, ("only.npy", array));
        using (var only = NpyReader.Open(_path))
        {
            Assert.Equal(1.5, only.ReadAt(0));
        }

        WriteArchive(level, ("short.npy", array[..^1]));
        Assert.Contains("needs 16 bytes of data, but there are 15", Assert.Throws<InvalidDataException>(() => NpyReader.Open(_path)).Message, StringComparison.Ordinal);

        File.WriteAllBytes(_path, File.ReadAllBytes(_path)[..^30]);
        Assert.Contains("as an .npz archive it is damaged", Assert.Throws<InvalidDataException>(() => NpyReader.Open(_path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Read_MemberWithADamagedBit_IsRefused(CompressionLevel level)
    {
        double[] expected = [.. Enumerable.Range(0, 16).Select(value => Math.Sqrt(value))];
        Write("{'descr': '<f8', 'fortran_order': False, 'shape': (16,), }", [.. expected.SelectMany(BitConverter.GetBytes)], version: 1);
        var array = File.ReadAllBytes(_path);
        WriteArchive(level, ("only.npy", array));
        var archive = File.ReadAllBytes(_path);

        // A local header: 30 bytes, the name, and what else is said of the member.
        var start = 30 + BitConverter.ToUInt16(archive, 26) + BitConverter.ToUInt16(archive, 28);
        int length;
        using (var whole = ZipFile.OpenRead(_path))
        {
            length = (int)whole.Entries[0].CompressedLength;
        }

        var refusals = new List<string>();
        for (var bit = 0; bit < length * 8; bit++)
        {
            var damaged = archive.ToArray();
            damaged[start + (bit / 8)] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(_path, damaged);
            try
            {
                using var reader = NpyReader.Open(_path);
                var values = new double[reader.Count];
                reader.Read(values);

                // Some bits of a deflate stream can be either way: those that fill its last byte, or that tell which of two equal bytes to repeat.
                Assert.Equal(array, Content());
                Assert.Equal(expected, values);
            }
            catch (InvalidDataException refusal)
            {
                refusals.Add(refusal.Message);
            }
        }

        Assert.All(refusals, refusal => Assert.StartsWith($"'{_path}' cannot be used: ", refusal, StringComparison.Ordinal));
        Assert.Contains(refusals, refusal => refusal.Contains("its member 'only.npy' is damaged: its CRC-32 must be ", StringComparison.Ordinal));
        Assert.InRange(refusals.Count, length * 7, length * 8);
    }

    [Theory]
    [InlineData("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", 8, "must be float16, float32 or float64 ('<f2', '<f4', '<f8', or with '>'), but are integers ('<i8'), which must be cast")]
    [InlineData("{'descr': '|b1', 'fortran_order': False, 'shape': (8,), }", 8, "integers ('|b1'), which must be cast")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, "but are Python objects")]
    [InlineData("{'descr': [('a', '<f4'), ('b]', '<f4', (2,))], 'fortran_order': False, 'shape': (1,), }", 8, "but are structures of several fields")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, "but are '<c8'")]
    [InlineData("{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", 16, "but are '<f16'")]
    [InlineData("{'descr': '|f8', 'fortran_order': False, 'shape': (1,), }", 8, "but are '|f8'")]
    [InlineData("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", 8, "but are '<U2'")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", 8, "its shape needs 16 bytes of data, but there are 8")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 9, "its shape needs 8 bytes of data, but there are 9")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 8, "its shape has the extent -1")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (65536, 65536, 1, 2), }", 8, "its shape (65536, 65536, 1, 2) has more cells than the 4294967296 that an array may have")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807, 9223372036854775807), }", 8, "has more cells than the 4294967296")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8, "expected a whole number, but found '99999999999999999999,), }' after 51")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1), }", 8, "its shape is a number and no tuple")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'extra': True}", 8, "must have a descr, a fortran_order of True or False, a shape, and nothing else")]
    [InlineData("{'descr': '<f8', 'fortran_order': 'False', 'shape': (1,)}", 8, "must have a descr, a fortran_order")]
    [InlineData("{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 8, "it has two 'descr'")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} and more", 8, "expected the end, but found 'and more'")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", 8, "expected '}', but found its end")]
    [InlineData("{'descr': '<f8", 8, "expected a string that ends")]
    [InlineData("{'descr': [(", 8, "expected a list that ends")]
    [InlineData("[]", 8, "expected '{', but found '[]'")]
    public void Open_AnythingElse_IsRefusedWithTheReason(string header, int byteCount, string reason)
    {
        Write(header, new byte[byteCount], version: 1);

        var error = Assert.Throws<InvalidDataException>(() => NpyReader.Open(_path));

        Assert.StartsWith($"'{_path}' cannot be used: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Nothing_SaysSo()
    {
        Assert.Throws<ArgumentException>(() => NpyReader.Open(""));
        Assert.Throws<FileNotFoundException>(() => NpyReader.Open($"{_path}.none"));
        Assert.Contains("it is a folder", Assert.Throws<InvalidDataException>(() => NpyReader.Open(Path.GetTempPath())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55 })]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 2, 0, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 255, 0 })]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 4, 0, 255, 0 })]
    [InlineData(new byte[] { 0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 1, 0, 0 })]
    public void Open_NoNpyFile_IsRefused(byte[] content)
    {
        File.WriteAllBytes(_path, content);

        Assert.Throws<InvalidDataException>(() => NpyReader.Open(_path));
    }

    public void Dispose() => File.Delete(_path);

    private byte[] Content()
    {
        using var archive = ZipFile.OpenRead(_path);
        using var member = archive.Entries[0].Open();
        var content = new MemoryStream();
        member.CopyTo(content);
        return content.ToArray();
    }

    private void WriteArchive(CompressionLevel level, params (string Name, byte[] Content)[] members)
    {
        using var archive = new ZipArchive(File.Create(_path), ZipArchiveMode.Create);
        foreach (var (name, content) in members)
        {
            using var member = archive.CreateEntry(name, level).Open();
            member.Write(content);
        }
    }

    private void Write(string header, byte[] data, byte version)
    {
        var length = version == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length);
        File.WriteAllBytes(_path, [0x93, .. "NUMPY"u8, version, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. data]);
    }
}
