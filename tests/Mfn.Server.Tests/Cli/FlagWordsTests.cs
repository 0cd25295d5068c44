using Google.Rpc;
using Mfn.Cli;
using Mfn.Cli.Flags;

namespace Mfn.Server.Tests.Cli;

public sealed class FlagWordsTests
{
    [Theory]
    [InlineData("nernst", "grid_size must be at least 4.", "grid_size must be at least 4.")]
    [InlineData("simulate", "grid_size must be at least 4.", "--grid must be at least 4.")]
    [InlineData("simulate", "step is 3, but domain.rows are 4.", "step is 3, but --rows are 4.")]
    [InlineData("run list", "some_field.of_nobody is wrong.", "some_field.of_nobody is wrong.")]
    [InlineData("context list", "variant is SIMULATION_VARIANT_ENGINE.", "variant is engine.")]
    public void Tell_Sentence_NamesFlagsWhereThereAreSuchAndLeavesTheOthers(string command, string text, string expected) =>
        Assert.Equal(expected, new FlagWords(MfnCommand.Create().Parse(command)).Tell(text));

    [Theory]
    [InlineData("nernst", "spec.grid_size", "must be 5", "spec.grid_size must be 5.")]
    [InlineData("simulate", "spec.grid_size", "must be 5", "--grid must be 5.")]
    [InlineData("simulate", "nobody.knows[3].this", "must not be set beside no_field", "nobody.knows[3].this must not be set beside no_field.")]
    public void Tell_Violation_NamesTheFlagOrElseTheField(string command, string field, string description, string expected) =>
        Assert.Equal(expected, new FlagWords(MfnCommand.Create().Parse(command)).Tell(new BadRequest.Types.FieldViolation { Field = field, Description = description }));
}
