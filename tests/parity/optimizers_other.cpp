// The other update rules against PyTorch (or against their papers, in PyTorch's operations), over ten steps under a schedule.
#include "optimizers.hpp"

TEMPLATE_TEST_CASE("ten steps of the other element-wise rules leave PyTorch's weights", "", float, double) {
    const Compare<TestType> same;
    same("adagrad", etta::Adagrad{.lr = 0.05, .lr_decay = 0.1, .weight_decay = 0.01, .initial_accumulator_value = 0.1});
    same("adadelta", etta::Adadelta{.lr = 1, .rho = 0.8, .eps = 1e-3, .weight_decay = 0.01});
    same("rmsprop", etta::RMSprop{.lr = 0.01, .alpha = 0.9, .weight_decay = 0.01});
    same("rmsprop_centered", etta::CenteredRMSprop{.lr = 0.01, .alpha = 0.9, .eps = 1e-3, .momentum = 0.5});
    same("rprop", etta::Rprop{.lr = 0.05, .eta_minus = 0.4, .eta_plus = 1.3, .min_step = 1e-4, .max_step = 0.1});
    same("lion", etta::Lion{.lr = 0.01, .weight_decay = 0.1});
    same("asgd", etta::ASGD{.lr = 0.05, .lambd = 0.01, .t0 = 4, .weight_decay = 0.01},
         [&](auto& trainer) { CHECK(unlike(same.file, "asgd.ax.fc1.weight", trainer.rule_state(0, 0).data, same.tolerance) == ""); });
}

TEMPLATE_TEST_CASE("ten steps of every rule that looks at whole parameters leave PyTorch's weights", "", float, double) {
    const Compare<TestType> same;
    same("lamb", etta::LAMB{.lr = 0.02, .weight_decay = 0.01});
    same("lars", etta::LARS{.lr = 1, .momentum = 0.9, .weight_decay = 0.01, .trust_coefficient = 1e-2});
    same("adafactor", etta::Adafactor{.lr = 0.5, .weight_decay = 0.01}, [&](auto& trainer) {
        CHECK(unlike(same.file, "adafactor.row_var", trainer.rule_state(0, 0).data, same.tolerance) == "");
        CHECK(unlike(same.file, "adafactor.col_var", trainer.rule_state(1, 0).data, same.tolerance) == "");
        CHECK((trainer.rule_state(0, 0).size == 5 && trainer.rule_state(1, 0).size == 3 && trainer.rule_state(2, 0).size == 0 && trainer.rule_state(2, 1).size == 5));
    });
}
