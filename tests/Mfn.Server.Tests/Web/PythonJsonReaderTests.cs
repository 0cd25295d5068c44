using System.Text;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Tests.Web;

/// <summary>JSON as Python 3.11 reads it: each fault was recorded there.</summary>
public sealed class PythonJsonReaderTests
{
    [Theory]
    [InlineData("{bad json", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")]
    [InlineData(" ", "Expecting value: line 1 column 2 (char 1)")]
    [InlineData("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")]
    [InlineData("""{"a" """, "Expecting ':' delimiter: line 1 column 6 (char 5)")]
    [InlineData("""{"a":""", "Expecting value: line 1 column 6 (char 5)")]
    [InlineData("""{"a":1""", "Expecting ',' delimiter: line 1 column 7 (char 6)")]
    [InlineData("""{"a":1,}""", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)")]
    [InlineData("""{"a":1,""", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)")]
    [InlineData("""{"a" 1}""", "Expecting ':' delimiter: line 1 column 6 (char 5)")]
    [InlineData("""{"a":1 "b":2}""", "Expecting ',' delimiter: line 1 column 8 (char 7)")]
    [InlineData("[", "Expecting value: line 1 column 2 (char 1)")]
    [InlineData("[1", "Expecting ',' delimiter: line 1 column 3 (char 2)")]
    [InlineData("[1,", "Expecting value: line 1 column 4 (char 3)")]
    [InlineData("[1,]", "Expecting value: line 1 column 4 (char 3)")]
    [InlineData("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)")]
    [InlineData("""{"a":[1,,2]}""", "Expecting value: line 1 column 9 (char 8)")]
    [InlineData("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)")]
    [InlineData("\"a\\", "Unterminated string starting at: line 1 column 1 (char 0)")]
    [InlineData("\"a\\q\"", "Invalid \\escape: line 1 column 3 (char 2)")]
    [InlineData("\"a\\u12", "Invalid \\uXXXX escape: line 1 column 4 (char 3)")]
    [InlineData("\"a\\u12G4\"", "Invalid \\uXXXX escape: line 1 column 4 (char 3)")]
    [InlineData("\"\\u123\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)")]
    [InlineData("\"\\u12345", "Unterminated string starting at: line 1 column 1 (char 0)")]
    [InlineData("\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)")]
    [InlineData("01", "Extra data: line 1 column 2 (char 1)")]
    [InlineData("-", "Expecting value: line 1 column 1 (char 0)")]
    [InlineData("1.", "Extra data: line 1 column 2 (char 1)")]
    [InlineData("1e", "Extra data: line 1 column 2 (char 1)")]
    [InlineData("-Inf", "Expecting value: line 1 column 1 (char 0)")]
    [InlineData("nul", "Expecting value: line 1 column 1 (char 0)")]
    [InlineData("""{"a":1} x""", "Extra data: line 1 column 9 (char 8)")]
    [InlineData("""{"é":1, "b" """, "Expecting ':' delimiter: line 1 column 13 (char 12)")]
    [InlineData("""{"😀":tru}""", "Expecting value: line 1 column 6 (char 5)")]
    [InlineData("{\"seed\": 1,\n \"steps\": }", "Expecting value: line 2 column 11 (char 22)")]
    [InlineData("{'a':1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")]
    public void Skip_WhatPythonDoesNotRead_SaysWhatPythonSays(string text, string fault) =>
        Assert.Equal(fault, Assert.Throws<PythonJsonException>(() => SkipAll(text)).Message);

    [Theory]
    [InlineData("NaN")]
    [InlineData("[-Infinity, Infinity, 1e400, -0, 0.5E-3]")]
    [InlineData("\uFEFF{\"a\": \"\\ud800\"}")]
    [InlineData(" \t\r\n{ } ")]
    public void Skip_WhatPythonReads_IsRead(string text) => Assert.Null(Record.Exception(() => SkipAll(text)));

    [Theory]
    [InlineData(64, false)]
    [InlineData(65, true)]
    [InlineData(100_000, true)]
    public void Skip_DeepNesting_EndsWithARefusal(int depth, bool isRefused)
    {
        var text = new string('[', depth) + new string(']', depth);

        Assert.Equal(isRefused, Record.Exception(() => SkipAll(text)) is ReferenceFaultException { Status: 400 });
    }

    [Fact]
    public void Read_BytesThatAreNoUtf8_AreRefused() => Assert.Throws<ReferenceFaultException>(() => new PythonJsonReader([(byte)'"', 0xFF, (byte)'"']).Skip());

    [Theory]
    [InlineData("""plain""", "plain")]
    [InlineData("""\u0073eed \ud83d\ude00 \n\t\"\\\/""", "seed 😀 \n\t\"\\/")]
    public void ReadText_Escapes_AreWhatTheyStandFor(string raw, string text) => Assert.Equal(text, new PythonJsonReader(Encoding.UTF8.GetBytes($"\"{raw}\"")).ReadText());

    private static void SkipAll(string text)
    {
        var reader = new PythonJsonReader(Encoding.UTF8.GetBytes(text));
        reader.Skip();
        reader.End();
    }
}
