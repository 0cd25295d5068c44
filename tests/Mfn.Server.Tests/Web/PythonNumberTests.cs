using System.Text.Json;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Tests.Web;

public sealed class PythonNumberTests
{
    /// <summary>Of as many digits as Python's repr has.</summary>
    [Theory]
    [InlineData(310, "310.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(2.9802322387695312e-08, "2.9802322387695312E-08")]
    [InlineData(-2.9802322387695312e-08, "-2.9802322387695312E-08")]
    public void Write_IsTheShortestThatReadsBack(double number, string text)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            PythonNumber.Write(writer, number);
        }

        Assert.Equal(text, System.Text.Encoding.UTF8.GetString(stream.ToArray()));
        Assert.Equal(text, PythonNumber.Format(number));
    }
}
